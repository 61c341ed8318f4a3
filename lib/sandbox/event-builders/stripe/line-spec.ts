import type { PriceSpec } from "./price";

/** One line of an invoice to build; instants in seconds since 1970, amounts in US cents. */
export interface LineSpec {
  id: string;
  item: string;
  price: PriceSpec;
  amount: number;
  description: string;
  periodStart: number;
  periodEnd: number;
  quantity?: number;
  /** What the discount takes off the amount. */
  discount?: number;
  /** The discount's id; of a proration it says that the amount is what is left after the discount. */
  discountId?: string;
  /** Of such a proration: the amount before the discount. */
  undiscounted?: number;
  tax?: LineTax;
  /** The difference for a change inside a period; a negative amount gives back what was paid before. */
  proration?: boolean;
  /** The line that a credit of a flexible subscription gives back; without an invoice while that line waits for one. */
  credits?: { invoice: string | null; line: string };
}

/** The tax on a line; `taxable` is the amount that it was computed from. */
export interface LineTax {
  amount: number;
  rate: string;
  behavior: "exclusive" | "inclusive";
  taxable: number;
}
