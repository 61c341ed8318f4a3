/** Expires reservations of rows without calls; the gate expires them on the rows that it updates. */

import { type TimeBudget, timeBudget } from "@/lib/core/time-budget";
import type { Gateway } from "@/lib/database";

/** One run. Concurrent runs and gate calls never expire a reservation twice. */
export async function expireReservations(
  gateway: Gateway,
  budget: TimeBudget = timeBudget(),
): Promise<{ rows: number }> {
  const result = { rows: 0 };
  for (;;) {
    const { rows } = await gateway.expireDueReservations();
    result.rows += rows;
    // None is due, or other sessions lock the due ones; or the rest waits for the next run.
    if (rows === 0 || budget.isOver()) return result;
  }
}
