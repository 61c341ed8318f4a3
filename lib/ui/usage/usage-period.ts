/** The spans a usage chart can show, and which days of the ledger each takes. */
import { addMonths, DAY, monthsSince } from "@/lib/billing/period";
import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import type { DayTotal } from "./window-days";

export const PERIOD_IDS = ["window", "previous", "90-days"] as const;
export type PeriodId = (typeof PERIOD_IDS)[number];

/** How many days back the pages ask the ledger for: what the longest span needs. */
export const HISTORY_DAYS = 90;
/** What stands for a window where each day is one of its own. */
const DAILY_SPAN = 30;

/** First and last UTC day, both shown: "2026-11-01". */
export interface DaySpan {
  first: string;
  last: string;
}

/** The address's word for a span; the current window where it names none. */
export function periodId(value: string | string[] | undefined): PeriodId {
  return PERIOD_IDS.find((id) => id === value) ?? "window";
}

/** Whether each day is a window of its own. */
export function isDaily({ windowStart, resetsAt }: Pick<SubscriptionView, "windowStart" | "resetsAt">): boolean {
  return resetsAt !== null && Date.parse(resetsAt) - Date.parse(windowStart) <= DAY;
}

/** The days that a span takes for this subscription, as of the server's now. */
export function daySpan(subscription: SubscriptionView, id: PeriodId, now: string): DaySpan {
  const today = Date.parse(now);
  if (id === "90-days") return span(today - (HISTORY_DAYS - 1) * DAY, today);
  if (isDaily(subscription)) {
    const last = id === "window" ? today : today - DAILY_SPAN * DAY;
    return span(last - (DAILY_SPAN - 1) * DAY, last);
  }
  const start = Date.parse(subscription.windowStart);
  if (id === "window") return span(start, today);
  // A window that begins in the middle of a day leaves that day to the one that it began.
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

/** The days that a span takes, oldest first; the ledger leaves out those without use. */
export function daysIn({ first, last }: DaySpan, history: readonly DayTotal[]): DayTotal[] {
  const used = new Map(history.map(({ day, amount }) => [day, amount]));
  const days: DayTotal[] = [];
  for (let at = Date.parse(first); at <= Date.parse(last); at += DAY) {
    days.push({ day: utcDay(at), amount: used.get(utcDay(at)) ?? 0 });
  }
  return days;
}

export function utcDay(instant: number): string {
  return new Date(instant).toISOString().slice(0, 10);
}
