import type Stripe from "stripe";
import { stripeCurrency } from "../currency";
import type { InvoiceSpec } from "./invoice-spec";
import type { LineSpec, LineTax } from "./line-spec";
import { planObject, priceObject, type StripeObject } from "./price";
import { places, type Shape } from "./shapes";
import type { WireFormat } from "./wire-format";

export function lineObject(line: LineSpec, invoice: InvoiceSpec, shape: Shape): StripeObject {
  const current = currentLine(line, invoice);
  if (shape === "basil") return current;
  const { parent, pricing, subtotal, taxes, quantity_decimal, ...old } = current;
  const invoiceItem = parent.subscription_item_details.invoice_item;
  const livemode = invoice.livemode ?? false;
  const proration = line.proration ?? false;
  return {
    ...old,
    ...(places(shape).today ? { parent, pricing, subtotal, taxes } : {}),
    amount_excluding_tax: line.amount,
    ...(invoiceItem ? { invoice_item: invoiceItem } : {}),
    plan: planObject(line.price, livemode),
    price: priceObject(line.price, livemode),
    proration,
    proration_details: { credited_items: null },
    subscription_item: line.item,
    tax_amounts: [],
    tax_rates: [],
    type: proration ? "invoiceitem" : "subscription",
  };
}

/** The default discount: a redeemed coupon. */
export const DISCOUNT = "di_1TollgateCoupon";

/** A line in the current API version. */
export function currentLine(line: LineSpec, invoice: InvoiceSpec) {
  const proration = line.proration ?? false;
  const discounts = discountsOf(line);
  return {
    id: line.id,
    object: "line_item",
    amount: line.amount,
    currency: stripeCurrency(),
    description: line.description,
    discount_amounts: discounts,
    discountable: !proration,
    discounts: discounts.map(({ discount }) => discount),
    invoice: invoice.id,
    livemode: invoice.livemode ?? false,
    metadata: invoice.metadata ?? {},
    parent: {
      invoice_item_details: null,
      subscription_item_details: {
        // Prorations are pending invoice items that the invoice includes.
        invoice_item: proration ? `ii_${line.id.slice(3)}` : null,
        proration,
        proration_details: {
          credited_items: line.credits?.invoice
            ? { invoice: line.credits.invoice, invoice_line_items: [line.credits.line] }
            : null,
        },
        subscription: invoice.subscription,
        subscription_item: line.item,
      },
      type: "subscription_item_details",
    },
    period: { end: line.periodEnd, start: line.periodStart },
    pretax_credit_amounts: discounts.map((discount) => ({ ...discount, type: "discount" as const })),
    pricing: {
      price_details: { price: line.price.id, product: line.price.product },
      type: "price_details",
      unit_amount_decimal: String(line.price.unitAmount),
    },
    quantity: line.quantity ?? 1,
    quantity_decimal: String(line.quantity ?? 1),
    subscription: invoice.subscription,
    subtotal: line.amount,
    taxes: line.tax ? [taxOf(line.tax)] : [],
  } satisfies WireFormat<Stripe.InvoiceLineItem>;
}

/** The amounts of a proration are after discounts: Stripe then names the discount with an amount of 0. */
function discountsOf({ discount = 0, discountId }: LineSpec): { amount: number; discount: string }[] {
  if (discount === 0 && discountId === undefined) return [];
  return [{ amount: discount, discount: discountId ?? DISCOUNT }];
}

/** A tax of a line, an invoice or a credit note. */
export function taxOf({ amount, rate, behavior, taxable }: LineTax) {
  return {
    amount,
    tax_behavior: behavior,
    tax_rate_details: { tax_rate: rate },
    taxability_reason: "standard_rated" as const,
    taxable_amount: taxable,
    type: "tax_rate_details" as const,
  };
}
