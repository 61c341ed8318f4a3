/** Sums the ledger's rows by hour: steps that other calls may come between (begin_hour_sums, finish_hour_sums). */
import { type TimeBudget, timeBudget } from "@/lib/core/time-budget";
import type { Gateway, HoursToSum } from "./gateway";

/** Long enough for a million rows, and short enough for the deadline of a delivery. */
const MOST_MS = 1_500;

/** Sums chosen hours; returns the number of stored counters. One call treats as many as it has time for. */
export async function finishHours(gateway: Gateway, counters: readonly HoursToSum[]): Promise<number> {
  let stored = 0;
  for (let from = 0; from < counters.length; ) {
    const result = await gateway.finishHourSums(counters.slice(from));
    from += result.done;
    stored += result.stored;
  }
  return stored;
}

/** Sums the hours of a user's counters, round by round, until few rows are left or the time is over. The next call goes on. */
export async function sumUsersHours(
  gateway: Gateway,
  userId: string,
  product: string,
  budget: TimeBudget = timeBudget(MOST_MS),
): Promise<void> {
  while (!budget.isOver()) {
    const { counters } = await gateway.beginUsersHourSums(userId, product);
    if (counters.length === 0 || (await finishHours(gateway, counters)) === 0) return;
  }
}
