/**
 * Aggregates the calls of a batch by user and field, so that the statement handles each row once for any number of calls.
 * Distributes the verdicts to the calls in the order of their arrival.
 */

import type { Verdict } from "@/lib/billing/schemas/usage-view";
import { meterOf } from "@/lib/config/current-catalog";
import type { ChargeSum, FieldState } from "@/lib/database";
import type { ChargeRequest } from "./requests";

export interface Batch {
  calls: readonly ChargeRequest[];
  sums: ChargeSum[];
  /** For each call the index of each charge's sum, and the amount of earlier calls; null: the call runs sequentially. */
  places: readonly (readonly Place[] | null)[];
}

interface Place {
  sum: number;
  before: number;
}

/** Aggregates calls in their order. A call that repeats a key or a field runs sequentially, after the batch. */
export function aggregate(calls: readonly ChargeRequest[]): Batch {
  const sums: ChargeSum[] = [];
  const known = new Map<string, number>();
  const keys = new Set<string>();

  const places = calls.map(({ userId, charges, idempotencyKey: key, bySession }) => {
    const fields = new Set(charges.map(({ field }) => field));
    const name = key === undefined ? null : JSON.stringify([userId, key, bySession]);
    if (fields.size < charges.length || (name !== null && keys.has(name))) return null;
    if (name !== null) keys.add(name);

    return charges.map(({ field, amount }, place) => {
      const at = JSON.stringify([userId, field]);
      const sum = known.get(at) ?? sums.push({ userId, field, amount: 0, unkeyed: 0 }) - 1;
      known.set(at, sum);
      const total = sums[sum] as ChargeSum;
      const before = total.amount;
      total.amount += amount;
      if (key === undefined) total.unkeyed += amount;
      else total.keyed = [...(total.keyed ?? []), { key, bySession, place, amount, before }];
      return { sum, before };
    });
  });
  addSiblings(sums);
  return { calls, sums, places };
}

/** Sums of one user and product are charged together, so each lists the others. */
function addSiblings(sums: readonly ChargeSum[]): void {
  const rows = new Map<string, ChargeSum[]>();
  for (const sum of sums) {
    const row = JSON.stringify([sum.userId, meterOf(sum.field).productId]);
    rows.set(row, [...(rows.get(row) ?? []), sum]);
  }
  for (const row of rows.values()) {
    if (row.length === 1) continue;
    for (const sum of row) {
      sum.siblings = row.filter((other) => other !== sum).map(({ field, amount }) => ({ field, amount }));
    }
  }
}

/** Returns the verdicts of each call; null for a call that must run sequentially. */
export function distribute({ calls, places }: Batch, states: readonly (FieldState | null)[]): (Verdict[] | null)[] {
  return calls.map(({ charges }, call) => {
    const placed = places[call];
    if (!placed) return null;
    const seen = placed.map(({ sum }) => states[sum] ?? null);
    if (seen.includes(null)) return null;
    const meters = charges.map((charge, index) => ({
      ...charge,
      ...(placed[index] as Place),
      state: seen[index] as FieldState,
    }));
    if (meters.every(({ state }) => state.charged)) {
      return meters.map(({ field, amount, before, state: { used, limit, remaining, resetsAt, plan } }) => {
        const taken = before + amount;
        return { allowed: true, field, used: used + taken, limit, remaining: remaining - taken, resetsAt, plan };
      });
    }
    // Nothing of this user was charged. A call that exceeds the limit alone is refused; any other call runs sequentially.
    if (meters.every(({ state, amount }) => amount <= state.remaining)) return null;
    return meters.map(({ field, amount, state }) => refused(field, amount, state));
  });
}

function refused(field: Verdict["field"], amount: number, state: FieldState): Verdict {
  const { used, limit, remaining, resetsAt, plan, unpaidHeld } = state;
  const verdict = { allowed: false, field, used, limit, remaining, resetsAt, plan };
  if (amount <= remaining) return { ...verdict, reason: "limit_reached_elsewhere" };
  if (amount <= remaining + unpaidHeld) return { ...verdict, reason: "payment_pending" };
  return { ...verdict, reason: "limit_reached" };
}
