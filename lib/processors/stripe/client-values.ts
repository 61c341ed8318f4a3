/** Reads Stripe's amounts and times. Throws `ProcessorError` (`unavailable`) for undocumented values. */
import type { Instant } from "@/lib/billing/types";
import type { Money } from "../processor-client";
import { unreadable } from "./client-call";

export function readMoney(amount: unknown, currency: unknown): Money {
  if (typeof amount !== "number" || !Number.isSafeInteger(amount)) {
    throw unreadable("money", "the amount is not a whole number of minor units");
  }
  if (typeof currency !== "string" || !/^[a-z]{3}$/i.test(currency)) throw unreadable("money", "no ISO 4217 currency");
  return { amount, currency: currency.toUpperCase() };
}

export function readInstant(field: string, seconds: unknown): Instant {
  if (typeof seconds === "number" && Number.isSafeInteger(seconds) && seconds >= 0) return seconds * 1000;
  throw unreadable(field, "not a Unix time");
}
