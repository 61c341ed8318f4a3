/** The arithmetic of a countdown, in milliseconds. Pure. */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The countdown's text at zero. */
export const DUE = "";

/** Milliseconds from `now` to the instant (ISO), at least 0. */
export function timeLeft(until: string, now: number): number {
  return Math.max(0, Date.parse(until) - now);
}

/**
 * The server's current time: the time in its answer plus the elapsed time of the page's monotonic clock. The client's
 * wall clock may be wrong, and a sandbox clock may be moved.
 */
export function laterNow(serverNow: string, receivedAt: number, monotonicNow: number): number {
  return Date.parse(serverNow) + Math.max(0, monotonicNow - receivedAt);
}

/**
 * "9 days 4 hours" from one day, "23:59:59" below, DUE at 0. Rounded up to the second, so that the last second is
 * 0:00:01 and DUE is not early.
 */
export function countdownText(left: number): string {
  if (left <= 0) return DUE;
  const seconds = Math.ceil(left / SECOND_MS);
  const [days, hours, minutes] = split(seconds * SECOND_MS);
  if (days === 0) return `${hours}:${pad(minutes)}:${pad(seconds % 60)}`;
  return [count(days, "day"), hours > 0 && count(hours, "hour")].filter(Boolean).join(" ");
}

/** The time left for screen readers: "9 days and 4 hours", "3 hours and 12 minutes". */
export function spokenTimeLeft(left: number): string {
  const [days, hours, minutes] = split(left);
  const parts =
    days > 0 ? [count(days, "day"), count(hours, "hour")] : [count(hours, "hour"), count(minutes, "minute")];
  const text = parts.filter((part) => !part.startsWith("0 ")).join(" and ");
  return text === "" ? "less than a minute" : text;
}

function split(ms: number): [days: number, hours: number, minutes: number] {
  return [Math.floor(ms / DAY_MS), Math.floor((ms % DAY_MS) / HOUR_MS), Math.floor((ms % HOUR_MS) / MINUTE_MS)];
}

function count(value: number, noun: string): string {
  return `${value} ${noun}${value === 1 ? "" : "s"}`;
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}
