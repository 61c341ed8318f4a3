import type { DiscountView } from "@/lib/billing/schemas/usage-view";
import { formatMoney } from "./format";

/** The reduction by a discount: "20% off", "$5 off". */
export function discountOff({ off }: Pick<DiscountView, "off">, locale: string): string {
  if (!("percent" in off)) return `${formatMoney(off.amount, locale, off.currency)} off`;
  const percent = new Intl.NumberFormat(locale, {
    style: "percent",
    maximumFractionDigits: 2,
    numberingSystem: "latn",
  }).format(off.percent / 100);
  return `${percent} off`;
}

/** The discount's code or name as the customer knows it: "code SPRING"; null if it has neither. */
export function discountOrigin({ code, name }: Pick<DiscountView, "code" | "name">): string | null {
  return code === null ? name : `code ${code}`;
}
