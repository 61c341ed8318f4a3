import type { InvoiceSpec } from "./invoice";
import { type PriceSpec, planObject, priceObject, type StripeObject } from "./price";
import { places, type Shape } from "./shapes";

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
  /** The difference for a change inside a period; a negative amount gives back what was paid before. */
  proration?: boolean;
}

export function lineObject(line: LineSpec, invoice: InvoiceSpec, shape: Shape): StripeObject {
  const { old, today } = places(shape);
  const livemode = invoice.livemode ?? false;
  const proration = line.proration ?? false;
  // Prorations are pending invoice items that the invoice picks up.
  const invoiceItem = proration ? `ii_${line.id.slice(3)}` : null;
  return {
    id: line.id,
    object: "line_item",
    amount: line.amount,
    ...(old ? { amount_excluding_tax: line.amount } : {}),
    currency: "usd",
    description: line.description,
    discount_amounts: [],
    discountable: !proration,
    discounts: [],
    invoice: invoice.id,
    ...(old && invoiceItem ? { invoice_item: invoiceItem } : {}),
    livemode,
    metadata: invoice.metadata ?? {},
    ...(today
      ? {
          parent: {
            invoice_item_details: null,
            subscription_item_details: {
              invoice_item: invoiceItem,
              proration,
              proration_details: { credited_items: null },
              subscription: invoice.subscription,
              subscription_item: line.item,
            },
            type: "subscription_item_details",
          },
        }
      : {}),
    period: { end: line.periodEnd, start: line.periodStart },
    ...(old ? { plan: planObject(line.price, livemode) } : {}),
    pretax_credit_amounts: [],
    ...(old ? { price: priceObject(line.price, livemode) } : {}),
    ...(today
      ? {
          pricing: {
            price_details: { price: line.price.id, product: line.price.product },
            type: "price_details",
            unit_amount_decimal: String(line.price.unitAmount),
          },
        }
      : {}),
    ...(old ? { proration, proration_details: { credited_items: null } } : {}),
    quantity: line.quantity ?? 1,
    ...(old
      ? { subscription: invoice.subscription, subscription_item: line.item, tax_amounts: [], tax_rates: [] }
      : {}),
    ...(today ? { subtotal: line.amount, taxes: [] } : {}),
    ...(old ? { type: proration ? "invoiceitem" : "subscription" } : {}),
  };
}
