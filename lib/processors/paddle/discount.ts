/** The discount of a Paddle subscription: one at most. */
import type { DiscountTerms, NamedDiscount } from "@/lib/billing/types";
import type { Discount } from "./shape";

/** @param units the number of units of the subscription: an amount may be taken off each */
export function namedDiscount(discount: Discount, units: number): NamedDiscount {
  return { key: discount.id, terms: termsOf(discount, units), endsAt: discount.ends_at };
}

/** null unless the discount itself was fetched. */
function termsOf(
  { id, type, amount, currency_code: currency, description, code }: Discount,
  units: number,
): DiscountTerms | null {
  if (type === null || amount === null) return null;
  const terms = { id, name: description, code };
  if (type === "percentage") return { ...terms, off: { percent: Number(amount) } };
  const minor = Number(amount) * (type === "flat_per_seat" ? units : 1);
  return currency === null || !Number.isSafeInteger(minor) ? null : { ...terms, off: { amount: minor, currency } };
}
