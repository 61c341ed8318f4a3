/**
 * Calls that travel together: summed up by user and field on the way in, so that a statement handles each row once
 * however many calls it had; dealt out on the way back, each caller its own verdict in the order of arrival.
 */
import { meterOf } from "@/lib/billing/catalog";
import type { Verdict } from "@/lib/billing/schemas/usage-view";
import type { ChargeSum, FieldState } from "@/lib/database";
import type { ChargeRequest } from "./requests";

export interface Batch {
  calls: readonly ChargeRequest[];
  sums: ChargeSum[];
  /** For each call the place of each charge's sum, and what the calls before it ask for; null: judged in turn. */
  places: readonly (readonly Place[] | null)[];
}

interface Place {
  sum: number;
  before: number;
}

/** Sums up calls in their order. A call that repeats a key or a field is left for later: its turn comes after. */
export function sumUp(calls: readonly ChargeRequest[]): Batch {
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
  tellSiblings(sums);
  return { calls, sums, places };
}

/** Sums of one user and product are charged together: each is told what is asked for beside it. */
function tellSiblings(sums: readonly ChargeSum[]): void {
  const rows = new Map<string, ChargeSum[]>();
  for (const sum of sums) {
    const row = JSON.stringify([sum.userId, meterOf(sum.field).productId]);
    rows.set(row, [...(rows.get(row) ?? []), sum]);
  }
  for (const row of rows.values()) {
    if (row.length === 1) continue;
    for (const sum of row) {
      sum.beside = row.filter((other) => other !== sum).map(({ field, amount }) => ({ field, amount }));
    }
  }
}

/** The verdicts of each call; null for one that must be judged in turn. */
export function deal({ calls, places }: Batch, states: readonly (FieldState | null)[]): (Verdict[] | null)[] {
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
    // Nothing of this user's was charged: what does not fit by itself is refused, what does must be judged in turn.
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
