/** The calculated lines of a transaction and their sums: list amount, discount, tax. */
import type { ITransactionLineItemNotificationResponse } from "@paddle/paddle-node-sdk";
import type { Instant } from "@/lib/billing/types";
import { type PriceSpec, period, priceEntities } from "./price";

/** The input for one line of a transaction; amounts in US cents, with the tax if the price includes it. */
export interface LineSpec {
  price: PriceSpec;
  /** At the list price. Negative with a negative quantity: the unused part of an item that was removed. */
  amount: number;
  quantity?: number;
  /** The discount on the amount; negative for a negative amount. */
  discount?: number;
  /** "0.2" is 20 %; absent if no tax is due. */
  taxRate?: string;
  /** The charged part of the period; rate 1 is the whole period. */
  proration?: { rate: string; start: Instant; end: Instant };
}

export interface LineSums {
  /** Before discount and tax. */
  subtotal: number;
  discount: number;
  tax: number;
  total: number;
}

/** Tax is added to the amount, or included in it if the price includes tax. */
export function lineSums({ price, amount, discount = 0, taxRate = "0" }: LineSpec): LineSums {
  const rate = Number(taxRate);
  const charged = amount - discount;
  if (price.taxMode !== "internal") {
    const tax = cents(charged * rate);
    return { subtotal: amount, discount, tax, total: charged + tax };
  }
  const subtotal = cents(amount / (1 + rate));
  const net = cents(charged / (1 + rate));
  return { subtotal, discount: subtotal - net, tax: charged - net, total: charged };
}

export function sumOfLines(lines: readonly LineSpec[]): LineSums {
  const sums = { subtotal: 0, discount: 0, tax: 0, total: 0 };
  for (const line of lines.map(lineSums)) {
    sums.subtotal += line.subtotal;
    sums.discount += line.discount;
    sums.tax += line.tax;
    sums.total += line.total;
  }
  return sums;
}

/** One entry per tax rate. */
export function taxRatesOf(lines: readonly LineSpec[]) {
  const taxed = lines.filter(({ taxRate }) => taxRate !== undefined);
  return [...new Set(taxed.map(({ taxRate = "0" }) => taxRate))].map((rate) => ({
    tax_rate: rate,
    totals: totalsOf(sumOfLines(taxed.filter(({ taxRate }) => taxRate === rate))),
  }));
}

/** One calculated line. */
export function lineItem(line: LineSpec, id: string) {
  const { price, quantity = 1, proration } = line;
  const sums = lineSums(line);
  const units = Math.abs(quantity);
  const unit = {
    subtotal: cents(sums.subtotal / units),
    discount: cents(sums.discount / units),
    tax: cents(sums.tax / units),
    total: cents(sums.total / units),
  };
  return {
    id,
    totals: totalsOf(sums),
    product: priceEntities(price).product,
    price_id: price.id,
    quantity,
    tax_rate: line.taxRate ?? "0",
    unit_totals: totalsOf(unit),
    proration: proration ? prorationOf(proration) : null,
  } satisfies ITransactionLineItemNotificationResponse;
}

export function prorationOf({ rate, start, end }: NonNullable<LineSpec["proration"]>) {
  return { rate, billing_period: period(start, end) };
}

/** Rounds half away from zero; never returns -0. */
function cents(amount: number): number {
  return Math.sign(amount) * Math.round(Math.abs(amount)) + 0;
}

function totalsOf({ subtotal, discount, tax, total }: LineSums) {
  return { tax: String(tax), total: String(total), discount: String(discount), subtotal: String(subtotal) };
}
