/** The ledger's sums by hour: the hours job sums them, and the reconcile job compares them with the rows. */
import { z } from "zod";
import type { Call } from "./call";
import { count, timestamp } from "./columns";

const counterKey = z.object({ userId: z.string(), field: z.string() });
/** One user's counter. */
type CounterKey = z.infer<typeof counterKey>;

const hourKey = counterKey.extend({ hour: z.string().optional() });
/** The counter after which a page begins; with an hour, that counter from this hour on. */
type HourKey = z.infer<typeof hourKey>;

const hoursToSum = counterKey.extend({ product: z.string(), until: timestamp, round: count });
/** A counter whose hours before `until` can be summed. */
export type HoursToSum = z.infer<typeof hoursToSum>;

const hourDrift = counterKey.extend({ hour: timestamp, summed: count, actual: count });
/** An hour whose stored sum differs from its ledger rows. */
export type HourDrift = z.infer<typeof hourDrift>;

export function hourQueries(call: Call) {
  return {
    /** A page of counters after `after`; those with enough rows to sum are listed. */
    beginHourSums: (after: CounterKey | null) =>
      call(z.object({ next: counterKey.nullable(), counters: z.array(hoursToSum) }), "begin_hour_sums", {
        p_after: stored(after),
      }),

    /** The counters of one user and product that have enough rows to sum. */
    beginUsersHourSums: (userId: string, product: string) =>
      call(z.object({ next: counterKey.nullable(), counters: z.array(hoursToSum) }), "begin_hour_sums", {
        p_after: null,
        p_user_id: userId,
        p_product: product,
      }),

    /** Sums the hours of the first counters, `done` of them. The others need another call. */
    finishHourSums: (counters: readonly HoursToSum[]) =>
      call(z.object({ done: count, stored: count }), "finish_hour_sums", {
        p_counters: counters.map(({ userId, field, until, round }) => ({ user_id: userId, field, until, round })),
      }),

    /** A page of the comparison of hours with ledger rows; `next` is the next key. */
    findHourDrift: (after: HourKey | null) =>
      call(z.object({ checked: count, next: hourKey.nullable(), drifts: z.array(hourDrift) }), "find_hour_drift", {
        p_after: stored(after),
      }),
  };
}

function stored(key: HourKey | null) {
  return key === null
    ? null
    : { user_id: key.userId, field: key.field, ...(key.hour !== undefined && { hour: key.hour }) };
}
