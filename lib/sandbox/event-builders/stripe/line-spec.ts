import type { PriceSpec } from "./price";

/** The input for an invoice line; instants in seconds since 1970, amounts in US cents. */
export interface LineSpec {
  id: string;
  item: string;
  price: PriceSpec;
  amount: number;
  description: string;
  periodStart: number;
  periodEnd: number;
  quantity?: number;
  /** The discount on the amount. */
  discount?: number;
  /** The discount's id; for a proration, the amount is after the discount. */
  discountId?: string;
  /** For such a proration: the amount before the discount. */
  undiscounted?: number;
  tax?: LineTax;
  /** The difference for a change within a period; a negative amount is a credit. */
  proration?: boolean;
  /** The line that a credit of a flexible subscription returns; without an invoice while that line is pending. */
  credits?: { invoice: string | null; line: string };
}

/** The tax on a line; `taxable` is the base amount. */
export interface LineTax {
  amount: number;
  rate: string;
  behavior: "exclusive" | "inclusive";
  taxable: number;
}
