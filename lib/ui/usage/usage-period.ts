/** The periods that a usage chart can show, and the days of the ledger in each. */

import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { addMonths, DAY_MS, monthsSince } from "@/lib/billing/timeline/calendar";
import type { DayTotal } from "./window-days";

export const PERIOD_IDS = ["window", "previous", "90-days"] as const;
export type PeriodId = (typeof PERIOD_IDS)[number];

/** The number of days that pages load from the ledger: the longest period. */
export const HISTORY_DAYS = 90;
/** The days that are shown in place of a window, if each day is a window. */
const DAILY_SPAN_DAYS = 30;

/** First and last UTC day, both shown: "2026-11-01". */
export interface DaySpan {
  first: string;
  last: string;
}

/** The address's period; the current window if it names none. */
export function periodId(value: string | string[] | undefined): PeriodId {
  return PERIOD_IDS.find((id) => id === value) ?? "window";
}

/** Whether each day is a window. */
export function isDaily({ windowStart, resetsAt }: Pick<SubscriptionView, "windowStart" | "resetsAt">): boolean {
  return resetsAt !== null && Date.parse(resetsAt) - Date.parse(windowStart) <= DAY_MS;
}

/** The days of a period for this subscription, at the server's time. */
export function daySpan(subscription: SubscriptionView, id: PeriodId, now: string): DaySpan {
  const today = Date.parse(now);
  if (id === "90-days") return span(today - (HISTORY_DAYS - 1) * DAY_MS, today);
  if (isDaily(subscription)) {
    const last = id === "window" ? today : today - DAILY_SPAN_DAYS * DAY_MS;
    return span(last - (DAILY_SPAN_DAYS - 1) * DAY_MS, last);
  }
  const start = Date.parse(subscription.windowStart);
  if (id === "window") return span(start, today);
  // If a window begins in the middle of a day, the previous window ends on that day too.
  return span(previousStart(subscription), start - 1);
}

/** A month before the window's start, counted from the anchor, so that 31 March follows 28 February and 31 January. */
function previousStart({ windowStart, periodStart }: SubscriptionView): number {
  const start = Date.parse(windowStart);
  const anchor = periodStart === null ? start : Date.parse(periodStart);
  return addMonths(anchor, monthsSince(anchor, start) - 1);
}

function span(first: number, last: number): DaySpan {
  return { first: utcDay(first), last: utcDay(last) };
}

/** The days of a period, oldest first; the ledger leaves out days without use. */
export function daysIn({ first, last }: DaySpan, history: readonly DayTotal[]): DayTotal[] {
  const used = new Map(history.map(({ day, amount }) => [day, amount]));
  const days: DayTotal[] = [];
  for (let at = Date.parse(first); at <= Date.parse(last); at += DAY_MS) {
    days.push({ day: utcDay(at), amount: used.get(utcDay(at)) ?? 0 });
  }
  return days;
}

/** The UTC day of an instant (ms): "2026-11-29". */
export function utcDay(instant: number): string {
  return new Date(instant).toISOString().slice(0, 10);
}
