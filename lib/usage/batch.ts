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
  const indexes = new Map<string, number>();
  const keys = new Set<string>();

  const places = calls.map(({ userId, charges, idempotencyKey: key, bySession }) => {
    if (charges.length > 1 && !canBeSummed(charges)) return null;
    const name = key === undefined ? null : JSON.stringify([userId, key, bySession]);
    if (name !== null && keys.has(name)) return null;
    if (name !== null) keys.add(name);

    const placed = charges.map(({ field, amount }, place) => {
      const at = `${field} ${userId}`;
      const index = indexes.get(at) ?? sums.push({ userId, field, amount: 0, unkeyed: 0, group: 0, keyed: [] }) - 1;
      indexes.set(at, index);
      const sum = sums[index] as ChargeSum;
      const before = sum.amount;
      sum.amount += amount;
      if (key === undefined) sum.unkeyed += amount;
      else sum.keyed.push({ key, bySession, place, amount, before });
      return { sum: index, before };
    });
    if (placed.length > 1) joinGroups(sums, placed);
    return placed;
  });
  return { calls, sums, places };
}

/** Each field once, and all of one product; the sequential mode refuses other calls. */
function canBeSummed(charges: ChargeRequest["charges"]): boolean {
  const products = new Set(charges.map(({ field }) => meterOf(field).productId));
  return products.size === 1 && new Set(charges.map(({ field }) => field)).size === charges.length;
}

/** The sums of a call of several fields are charged together, with all sums that they are charged with already. */
function joinGroups(sums: readonly ChargeSum[], placed: readonly Place[]): void {
  const own = placed.map(({ sum }) => sums[sum] as ChargeSum);
  const joined = new Set(own.map(({ group }) => group));
  const group = (placed[0] as Place).sum + 1;
  for (const sum of sums) {
    if (own.includes(sum) || (sum.group > 0 && joined.has(sum.group))) sum.group = group;
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
