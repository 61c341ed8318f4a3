/** Reads taxes, discounts and refunds of Stripe's invoices. */
import Stripe from "stripe";
import { entityId } from "../entity-id";
import { type ChangePreview, type Discount, type Money, ProcessorError } from "../processor-client";
import { unreadable } from "./client-call";
import { readMoney } from "./client-values";
import { discountsOf } from "./discount";
import { idOf } from "./reference";

/** The expansions that `readDiscounts` needs. */
const DISCOUNT_EXPANSIONS = ["discounts.source.coupon", "discounts.promotion_code"] as const;

/**
 * Fetches the subscription with the terms of its discounts. If the key must not read coupons and promotion codes, the
 * response names the discounts by id only.
 * @param expand further expansions
 */
export async function retrieveWithDiscounts(
  stripe: Stripe,
  subscription: string,
  expand: readonly string[] = [],
): Promise<Stripe.Response<Stripe.Subscription>> {
  const id = entityId(subscription);
  try {
    return await stripe.subscriptions.retrieve(id, { expand: [...expand, ...DISCOUNT_EXPANSIONS] });
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripePermissionError)) throw error;
    return stripe.subscriptions.retrieve(id, expand.length === 0 ? {} : { expand: [...expand] });
  }
}

type Amounts = readonly { amount: number }[] | null;

/** The sum in the invoice's currency; null if it is 0. */
export function sumOf(amounts: Amounts, currency: string): Money | null {
  const amount = (amounts ?? []).reduce((sum, each) => sum + each.amount, 0);
  return amount === 0 ? null : readMoney(amount, currency);
}

/**
 * The discounts of a subscription.
 * @throws ProcessorError `unavailable` if Stripe did not expand one of them
 */
export function readDiscounts(discounts: Stripe.Subscription["discounts"]): Discount[] {
  const named = discountsOf({ discounts });
  if (named === undefined) throw unreadable("discounts", "not a list of discounts");
  return named.map(({ terms, endsAt = null }) => {
    if (terms === null) throw unreadable("discounts", "an id instead of the coupon or of the promotion code");
    return { ...terms, endsAt };
  });
}

/** The charge of a previewed invoice, with its tax and discounts. */
export function readDue(invoice: Stripe.Invoice): Pick<ChangePreview, "dueNow" | "tax" | "discount"> {
  requireTaxAddress(invoice);
  if (invoice.amount_due <= 0) return { dueNow: null };
  return {
    dueNow: readMoney(invoice.amount_due, invoice.currency),
    tax: sumOf(invoice.total_taxes, invoice.currency),
    discount: sumOf(invoice.total_discount_amounts, invoice.currency),
  };
}

/**
 * A tax that Stripe could not compute is not a tax of 0.
 * @throws ProcessorError `no_tax_address`
 */
export function requireTaxAddress({ automatic_tax: tax }: Pick<Stripe.Invoice, "automatic_tax">): void {
  if (!tax?.enabled || tax.status !== "requires_location_inputs") return;
  throw new ProcessorError("The tax cannot be computed: no valid address.", "no_tax_address", tax.status);
}

const LISTED = 100;

/**
 * The refunded amounts by payment id, which invoices do not contain. Empty if the key must not read charges, so that such a
 * key can still list invoices.
 */
export async function refundsOf(stripe: Stripe, invoices: readonly Stripe.Invoice[]): Promise<Map<string, number>> {
  const paid = invoices.filter(({ status, amount_paid: amount }) => status === "paid" && amount > 0);
  const customers = new Set(paid.flatMap(({ customer }) => (customer === null ? [] : [idOf(customer)])));
  try {
    const lists = await Promise.all([...customers].map((customer) => stripe.charges.list({ customer, limit: LISTED })));
    return new Map(
      lists.flatMap(({ data }) =>
        data.flatMap(({ payment_intent: payment, amount_refunded: amount }): [string, number][] =>
          payment === null || amount === 0 ? [] : [[idOf(payment), amount]],
        ),
      ),
    );
  } catch (error) {
    if (error instanceof Stripe.errors.StripePermissionError) return new Map();
    throw error;
  }
}

/**
 * The refunded amount of an invoice. A credit note that refunds is also a refund of the charge, so the larger of the two
 * sums counts.
 */
export function refundedOf(invoice: Stripe.Invoice, refunds: ReadonlyMap<string, number>): Money | null {
  const payments = (invoice.payments?.data ?? []).flatMap(({ payment }) => payment.payment_intent ?? []);
  const refunded = payments.reduce((sum, payment) => sum + (refunds.get(idOf(payment)) ?? 0), 0);
  const amount = Math.max(refunded, invoice.post_payment_credit_notes_amount ?? 0);
  return amount === 0 ? null : readMoney(amount, invoice.currency);
}
