/**
 * Months, windows and period moves. Pure arithmetic in UTC; Postgres has the same arithmetic in
 * `supabase/schemas/functions/window_at.sql`, and a test holds the two against each other.
 */
import type { Cadence, Instant } from "../types";

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Processors round instants to the second at different places: starts this close are the same start. */
export const SAME_START = 1 * SECOND;

/** A plan goes on for this long without news of a renewal, or past due. */
export const GRACE = 7 * DAY;

/**
 * The anchor moved by `months`, always counted from the anchor itself: Jan 31 gives Feb 28 (or 29), then Mar 31.
 * Stepping month by month would lose the 31st for good.
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

/** What a window is counted from: a plan's cadence, its anchor and, for a subscription, the period it stays inside. */
export interface WindowRule {
  cadence: Cadence;
  anchor: Instant;
  /** null: no billing period bounds the windows (free plans). */
  periodEnd: Instant | null;
}

/** The window that `at` falls in. Past the period's end the last window goes on: only news opens the next period. */
export function windowAt({ cadence, anchor, periodEnd }: WindowRule, at: Instant): Span {
  if (cadence === "daily") {
    const start = Math.floor(at / DAY) * DAY;
    return { start, end: start + DAY };
  }
  if (cadence === "billing_period") return { start: anchor, end: periodEnd ?? anchor };
  const inside = periodEnd === null ? at : Math.max(anchor, Math.min(at, periodEnd - 1));
  const months = monthsSince(anchor, inside);
  const end = addMonths(anchor, months + 1);
  return { start: addMonths(anchor, months), end: periodEnd === null ? end : Math.min(end, periodEnd) };
}

/** Where a snapshot's period lies against the last opened one of its subscription. */
export type Move = "first" | "none" | "same" | "boundary" | "restart" | "backwards";

export function sameStart(a: Instant, b: Instant): boolean {
  return Math.abs(a - b) <= SAME_START;
}

/**
 * @param start the snapshot's period start, null where it carries no period
 * @param open the last opened period; `starts` are all the starts by which it has been announced
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
