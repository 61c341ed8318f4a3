/** Taxes, discounts and refunds in words. Pure. */
import type { MoneyView } from "@/lib/billing/schemas/purchase";
import type { DiscountView } from "@/lib/billing/schemas/usage-view";
import { discountOff } from "./discount";
import { formatDay, formatMoney } from "./format";

interface Reductions {
  tax: MoneyView | null;
  discount: MoneyView | null;
  refunded?: MoneyView | null;
}

/** Additions to an amount: "$3.04 tax", "after $4.00 discount", "$5.00 refunded". */
export function moneyWords({ tax, discount, refunded = null }: Reductions, locale: string): string[] {
  const words = (money: MoneyView | null, text: (amount: string) => string) =>
    money === null || money.amount === 0 ? [] : [text(formatMoney(money.amount, locale, money.currency))];
  return [
    ...words(discount, (amount) => `after ${amount} discount`),
    ...words(tax, (amount) => `incl. ${amount} tax`),
    ...words(refunded, (amount) => `${amount} refunded`),
  ];
}

/** "Spring, 20% off, with code SPRING, until March 3". */
export function discountWords({ name, code, off, endsAt }: DiscountView, locale: string): string {
  const reduction = discountOff({ off }, locale);
  const words = [
    ...(name === null ? [] : [name]),
    // Coupons are often named by their amount.
    ...(name?.includes(reduction) ? [] : [reduction]),
    ...(code === null ? [] : [`with code ${code}`]),
    ...(endsAt === null ? [] : [`until ${formatDay(endsAt.slice(0, 10), locale)}`]),
  ];
  return words.join(", ");
}
