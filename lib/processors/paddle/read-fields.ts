/** Reads single fields of Paddle's responses. Throws `ProcessorError` (`unavailable`) for undocumented values. */
import type { Instant } from "@/lib/billing/types";
import type { Money } from "../processor-client";
import { unreadable } from "./client-call";
import { instantOf } from "./instant";

export function readMoney(text: unknown, currency: unknown): Money {
  const amount = typeof text === "string" && /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(amount)) throw unreadable("money", "the amount is not a whole number of minor units");
  if (typeof currency !== "string" || !/^[A-Z]{3}$/.test(currency)) throw unreadable("money", "no ISO 4217 currency");
  return { amount, currency };
}

/** Reads an amount; null if it is 0 or missing. */
export function readPositive(text: unknown, currency: unknown): Money | null {
  if (text === undefined || text === null) return null;
  const money = readMoney(text, currency);
  return money.amount > 0 ? money : null;
}

export function readInstant(field: string, text: unknown): Instant {
  const at = instantOf(text);
  if (at === null) throw unreadable(field, "not an RFC 3339 instant");
  return at;
}
