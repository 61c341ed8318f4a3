import type { Instant } from "@/lib/billing/types";
import { LAST_INSTANT } from "../envelope";

const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

/**
 * Reads an RFC 3339 text as milliseconds, rounded down. Returns null for any other text, and for times outside 1970 to 2200.
 *
 * Paddle writes 0 to 9 fractional digits, and writes one instant in several ways; all of them must give one number.
 * `Date.parse` would also accept texts without a zone, and days that do not exist.
 */
export function instantOf(text: unknown): Instant | null {
  const match = typeof text === "string" ? RFC_3339.exec(text) : null;
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, fraction = "", sign, offsetHour = "0", offsetMinute = "0"] = match;
  const [hours, minutes, seconds] = [Number(hour), Number(minute), Number(second)];
  if (hours > 23 || minutes > 59 || seconds > 59 || Number(offsetHour) > 23 || Number(offsetMinute) > 59) return null;

  const midnight = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  // `Date.UTC` converts a month or day that does not exist to another one.
  if (!midnight.toISOString().startsWith(`${year}-${month}-${day}T`)) return null;
  const milliseconds = Number(fraction.slice(0, 3).padEnd(3, "0"));
  const offset = (Number(offsetHour) * 60 + Number(offsetMinute)) * (sign === "-" ? -60_000 : 60_000);
  const at = midnight.getTime() + ((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds - offset;
  return at >= 0 && at <= LAST_INSTANT ? at : null;
}
