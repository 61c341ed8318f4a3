/**
 * The fields of Stripe's objects that the normalizer reads, in every shape of the API.
 *
 * The position of a field decides its shape, not the API version: today's Stripe renders old versions with fields in both
 * positions. Seconds become instants (milliseconds); null and absent are the same.
 */
import { z } from "zod";
import { userIdSchema } from "@/lib/core/text";
import { LAST_INSTANT } from "../envelope";
import { id, objectReader, optional, quantity } from "../fields";
import type { Identity } from "../webhook-source";

export const seconds = z
  .number()
  .min(0)
  .max(LAST_INSTANT / 1000)
  .transform((value) => Math.floor(value * 1000));

/** The id of another object, which may have been expanded in place. */
const reference = z.union([id, z.object({ id }).transform((object) => object.id)]);

const recurrence = { interval: optional(z.string()), interval_count: optional(z.number()) };
/** The product of a price is only shown and compared: a malformed one counts as none. */
const productReference = optional(reference).catch(null);

/** A price: its id, or the expanded object. */
const priceReference = z.union([
  id.transform((known) => ({ id: known, product: null, recurring: null, interval: null, interval_count: null })),
  z.object({
    id,
    product: productReference,
    recurring: optional(z.object(recurrence)).catch(null),
    interval: optional(z.string()).catch(null),
    interval_count: optional(z.number()).catch(null),
  }),
]);
export type PriceReference = z.output<typeof priceReference>;

const item = z.object({
  id: optional(id),
  price: optional(priceReference),
  /** The name of prices before 2020; today's objects have both. */
  plan: optional(priceReference),
  quantity,
  current_period_start: optional(seconds),
  current_period_end: optional(seconds),
});

export const subscriptionShape = z.object({
  id,
  status: z.string(),
  items: z.object({ data: z.array(item), has_more: optional(z.boolean()) }),
  current_period_start: optional(seconds),
  current_period_end: optional(seconds),
  collection_method: optional(z.string()),
  cancel_at: optional(seconds),
  cancel_at_period_end: optional(z.boolean()),
  trial_end: optional(seconds),
  pause_collection: optional(z.object({ behavior: optional(z.string()) }).catch({ behavior: null })),
});
export type Subscription = z.output<typeof subscriptionShape>;
export type SubscriptionItem = Subscription["items"]["data"][number];

const itemDetails = z.object({
  subscription: optional(reference),
  subscription_item: optional(reference).catch(null),
  proration: optional(z.boolean()),
});

const line = z.object({
  amount: z.number(),
  period: z.object({ start: seconds, end: seconds }),
  /** `subscription` or `invoiceitem`, before basil. */
  type: optional(z.string()),
  proration: optional(z.boolean()),
  subscription: optional(reference),
  subscription_item: optional(reference).catch(null),
  price: optional(priceReference),
  plan: optional(priceReference),
  pricing: optional(
    z.object({ price_details: optional(z.object({ price: optional(priceReference), product: productReference })) }),
  ),
  discount_amounts: optional(z.array(z.object({ amount: z.number() }))),
  parent: optional(
    z.object({
      type: optional(z.string()),
      subscription_item_details: optional(itemDetails),
      invoice_item_details: optional(itemDetails),
    }),
  ),
});

const amounts = optional(z.array(z.object({ amount: z.number(), type: optional(z.string()) })));

export const invoiceShape = z.object({
  billing_reason: optional(z.string()),
  collection_method: optional(z.string()),
  due_date: optional(seconds),
  status: optional(z.string()),
  /** Until basil, beside `status`. */
  paid: optional(z.boolean()),
  amount_paid: optional(z.number()),
  amount_due: optional(z.number()),
  total: optional(z.number()),
  starting_balance: optional(z.number()),
  ending_balance: optional(z.number()),
  pre_payment_credit_notes_amount: optional(z.number()),
  total_pretax_credit_amounts: amounts,
  lines: z.object({ data: z.array(line), has_more: optional(z.boolean()) }),
});
export type Invoice = z.output<typeof invoiceShape>;
export type InvoiceLine = Invoice["lines"]["data"][number];

export const { missingField, readObject } = objectReader("data.object");

/** A user id may be any text that can be stored. */
const metadata = optional(z.object({ user_id: optional(userIdSchema).catch(null) })).catch(null);

/** The metadata that our checkout writes into a subscription with a trial. */
export const TRIAL_FROM_CHECKOUT = { trial_source: "checkout" } as const;

/** Whether our checkout started the subscription's trial. Never fails. */
export function isTrialFromCheckout(object: Record<string, unknown>): boolean {
  return z.object({ metadata: z.object({ trial_source: z.literal("checkout") }) }).safeParse(object).success;
}

export const anyReference = optional(reference).catch(null);

const subscriptionIdentity = z.object({ id: anyReference, customer: anyReference, metadata });

/** The ids in a subscription event. Never fails, so that quarantined events show them. */
export function subscriptionIdentityOf(object: Record<string, unknown>): Identity {
  const read = subscriptionIdentity.parse(object);
  return { customer: read.customer, subscription: read.id, trustedUserId: read.metadata?.user_id ?? null };
}

const sessionIdentity = z.object({ customer: anyReference, subscription: anyReference, metadata });

/** The ids in a checkout session. Never fails. */
export function sessionIdentityOf(object: Record<string, unknown>): Identity {
  const { customer, subscription, metadata: written } = sessionIdentity.parse(object);
  return { customer, subscription, trustedUserId: written?.user_id ?? null };
}

const details = optional(z.object({ subscription: anyReference, metadata })).catch(null);
const lineReference = z.object({
  subscription: anyReference,
  parent: optional(z.object({ subscription_item_details: details, invoice_item_details: details })).catch(null),
});
const invoiceIdentity = z.object({
  customer: anyReference,
  subscription: anyReference,
  subscription_details: details,
  parent: optional(z.object({ subscription_details: details })).catch(null),
  lines: optional(z.object({ data: z.array(lineReference.nullable().catch(null)) })).catch(null),
});

/** The ids in an invoice. The subscription is on the invoice, its parent or its lines, by API version. Never fails. */
export function invoiceIdentityOf(object: Record<string, unknown>): Identity {
  const read = invoiceIdentity.parse(object);
  const ofLines = (read.lines?.data ?? []).map(
    (line) =>
      line?.parent?.subscription_item_details?.subscription ??
      line?.parent?.invoice_item_details?.subscription ??
      line?.subscription ??
      null,
  );
  const parent = read.parent?.subscription_details;
  return {
    customer: read.customer,
    subscription: read.subscription ?? parent?.subscription ?? ofLines.find((found) => found !== null) ?? null,
    trustedUserId: parent?.metadata?.user_id ?? read.subscription_details?.metadata?.user_id ?? null,
  };
}
