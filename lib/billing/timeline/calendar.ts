/**
 * Months, windows and period moves, in UTC. `supabase/schemas/functions/window_at.sql` computes the same in Postgres,
 * and a test compares the two.
 */
import type { Cadence, Instant, Window } from "../types";

/** These constants are in milliseconds. */
export const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** Processors round instants to the second in different ways: starts at most this far apart are equal. */
export const SAME_START = 1 * SECOND_MS;

/** A plan continues for this long while it is past due, or after its period if no event reports a renewal. */
export const GRACE = 7 * DAY_MS;

/**
 * Adds months to the anchor itself: Jan 31 gives Feb 28 (or 29), then Mar 31. Adding one month at a time would never
 * return to the 31st.
 */
export function addMonths(anchor: Instant, months: number): Instant {
  const date = new Date(anchor);
  const month = date.getUTCMonth() + months;
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), month + 1, 0)).getUTCDate();
  return Date.UTC(
    date.getUTCFullYear(),
    month,
    Math.min(date.getUTCDate(), lastDay),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
    date.getUTCMilliseconds(),
  );
}

/** The greatest `n` with `addMonths(anchor, n) <= at`; negative before the anchor. */
export function monthsSince(anchor: Instant, at: Instant): number {
  const from = new Date(anchor);
  const to = new Date(at);
  const months = (to.getUTCFullYear() - from.getUTCFullYear()) * 12 + (to.getUTCMonth() - from.getUTCMonth());
  return addMonths(anchor, months) <= at ? months : months - 1;
}

/** `[start, end)` */
export interface Span {
  start: Instant;
  end: Instant;
}

/** The rule for windows: a plan's cadence, its anchor and, for a subscription, the period that contains them. */
export interface WindowRule {
  cadence: Cadence;
  anchor: Instant;
  /** null: no billing period limits the windows (free plans). */
  periodEnd: Instant | null;
}

/**
 * The window that contains `at`. After the period's end it is the last window, until an event opens the next period.
 */
export function windowAt({ cadence, anchor, periodEnd }: WindowRule, at: Instant): Span {
  if (cadence === "daily") {
    const start = Math.floor(at / DAY_MS) * DAY_MS;
    return { start, end: start + DAY_MS };
  }
  if (cadence === "billing_period") return { start: anchor, end: periodEnd ?? anchor };
  const inside = periodEnd === null ? at : Math.max(anchor, Math.min(at, periodEnd - 1));
  const months = monthsSince(anchor, inside);
  const end = addMonths(anchor, months + 1);
  return { start: addMonths(anchor, months), end: periodEnd === null ? end : Math.min(end, periodEnd) };
}

/**
 * The usage window that contains `at`. The last window of a period has no end of counting: usage counts in it until an
 * event opens the next period.
 */
export function windowOf(
  { source, periodStart, ...rule }: WindowRule & Pick<Window, "source" | "periodStart">,
  at: Instant,
): Window {
  const { start, end } = windowAt(rule, at);
  const isLast = rule.periodEnd !== null && end >= rule.periodEnd;
  return { source, periodStart, start, end, countsUntil: isLast ? null : end };
}

/** The position of a snapshot's period relative to the last opened period of its subscription. */
export type Move = "first" | "none" | "same" | "boundary" | "restart" | "backwards";

export function sameStart(a: Instant, b: Instant): boolean {
  return Math.abs(a - b) <= SAME_START;
}

/** Like `sameStart`; null equals null only. */
export function sameInstant(a: Instant | null, b: Instant | null): boolean {
  return a === null || b === null ? a === b : sameStart(a, b);
}

/**
 * @param start the snapshot's period start, null if it has no period
 * @param open the last opened period; `starts` are all starts of it in events so far
 */
export function periodMove(
  start: Instant | null,
  open: { starts: readonly Instant[]; end: Instant } | undefined,
): Move {
  if (start === null) return "none";
  if (open === undefined) return "first";
  if (open.starts.some((known) => sameStart(known, start))) return "same";
  if (start >= open.end - SAME_START) return "boundary";
  return start > Math.max(...open.starts) ? "restart" : "backwards";
}
