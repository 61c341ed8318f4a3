/** The arithmetic of a countdown: pure, in milliseconds, without a clock. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The countdown's text at zero. */
export const DUE = "";

/** Milliseconds from `now` to the instant (ISO), at least 0. */
export function timeLeft(until: string, now: number): number {
  return Math.max(0, Date.parse(until) - now);
}

/**
 * The server's time later on the same page: the server's answer plus the elapsed time of the page's monotonic clock.
 * The client's wall clock may be wrong, and a sandbox clock may be moved.
 */
export function laterNow(serverNow: string, receivedAt: number, monotonicNow: number): number {
  return Date.parse(serverNow) + Math.max(0, monotonicNow - receivedAt);
}

/**
 * "9 days 4 hours" from a day on, "23:59:59" below, DUE at 0. Rounded up to the second, so that the last second is
 * 0:00:01 and DUE is not early.
 */
export function countdownText(left: number): string {
  if (left <= 0) return DUE;
  const seconds = Math.ceil(left / SECOND);
  const [days, hours, minutes] = split(seconds * SECOND);
  if (days === 0) return `${hours}:${pad(minutes)}:${pad(seconds % 60)}`;
  return [count(days, "day"), hours > 0 && count(hours, "hour")].filter(Boolean).join(" ");
}

/** The same for a screen reader, as of when the page was made: "9 days and 4 hours", "3 hours and 12 minutes". */
export function spokenTimeLeft(left: number): string {
  const [days, hours, minutes] = split(left);
  const parts =
    days > 0 ? [count(days, "day"), count(hours, "hour")] : [count(hours, "hour"), count(minutes, "minute")];
  const said = parts.filter((part) => !part.startsWith("0 ")).join(" and ");
  return said === "" ? "less than a minute" : said;
}

function split(ms: number): [days: number, hours: number, minutes: number] {
  return [Math.floor(ms / DAY), Math.floor((ms % DAY) / HOUR), Math.floor((ms % HOUR) / MINUTE)];
}

function count(value: number, noun: string): string {
  return `${value} ${noun}${value === 1 ? "" : "s"}`;
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}
