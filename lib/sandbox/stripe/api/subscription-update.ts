/** The parameters of a subscription update, and the effect of each. */
import type Stripe from "stripe";
import { z } from "zod";
import type { ItemSpec } from "../../event-builders/stripe/events";
import { isFlexible, nextId, type StripeStep, type Subscription, seconds } from "../account-state";
import { setDiscounts } from "../discounts";
import { emitChange } from "../emit";
import { subscriptionOf } from "../objects";
import { requireTaxAddress } from "../priced";
import { invalid } from "../problem";
import type { ItemsChange } from "../subscriptions";
import { priceNamed } from "./catalog";
import {
  anchor,
  automaticTax,
  behavior,
  collectionMethod,
  count,
  discountParams,
  find,
  flag,
  instant,
  merged,
  metadata,
  text,
  unset,
} from "./endpoint";
import { paramsOf } from "./params-of";

export const itemParams = z
  .array(
    paramsOf<Stripe.SubscriptionUpdateParams.Item>()({
      id: text.optional(),
      price: text.optional(),
      quantity: count.optional(),
      deleted: flag.optional(),
    }),
  )
  .max(20);

const emptyOrText = z.union([unset, text]).optional();
/** Instants, and the names for the end of the items' periods. */
export const cancelAt = z.union([unset, instant, z.enum(["max_billed_until", "max_period_end", "min_period_end"])]);

export const updateParams = paramsOf<Stripe.SubscriptionUpdateParams>()({
  automatic_tax: automaticTax.optional(),
  discounts: z.union([unset, discountParams]).optional(),
  items: itemParams.optional(),
  proration_behavior: behavior.default("create_prorations"),
  proration_date: instant.optional(),
  payment_behavior: z
    .enum(["allow_incomplete", "default_incomplete", "pending_if_incomplete", "error_if_incomplete"])
    .default("allow_incomplete"),
  billing_cycle_anchor: anchor.optional(),
  cancel_at_period_end: flag.optional(),
  cancel_at: cancelAt.optional(),
  cancellation_details: z
    .strictObject({ comment: emptyOrText, feedback: emptyOrText, feedback_option: text.optional() })
    .optional(),
  collection_method: collectionMethod.optional(),
  days_until_due: count.optional(),
  default_payment_method: text.optional(),
  description: emptyOrText,
  metadata: metadata.optional(),
  off_session: flag.optional(),
  pause_collection: z
    .union([
      unset,
      z.strictObject({
        behavior: z.enum(["keep_as_draft", "mark_uncollectible", "void"]),
        resumes_at: instant.optional(),
      }),
    ])
    .optional(),
  trial_end: z.union([z.literal("now"), instant]).optional(),
});
export type Update = z.infer<typeof updateParams>;

export function itemsChange(step: StripeStep, subscription: Subscription, params: Update): ItemsChange {
  const at = params.proration_date ?? seconds(step);
  if (at < subscription.periodStart || at > subscription.periodEnd) {
    throw invalid("The proration date must fall within the current period.", "proration_date");
  }
  const restart =
    params.billing_cycle_anchor?.type === "now" || (params.trial_end === "now" && subscription.status === "trialing");
  return {
    items: nextItems(step, subscription, params.items ?? []),
    behavior: params.proration_behavior,
    payment: params.payment_behavior,
    at,
    restart,
    // By default Stripe assumes that the payer is present and may ask for authentication.
    payerPresent: !params.off_session,
    details: {
      ...(params.metadata && { metadata: params.metadata }),
      ...(params.cancel_at_period_end !== undefined && { cancelAtPeriodEnd: params.cancel_at_period_end }),
    },
  };
}

/** The items after the change: those named by id are changed, those without an id are added, the rest stays. */
export function nextItems(
  step: StripeStep,
  subscription: Subscription,
  changes: z.infer<typeof itemParams>,
): ItemSpec[] {
  const items = [...subscription.items];
  changes.forEach((change, index) => {
    const name = (key: string) => `items[${index}][${key}]`;
    const price = change.price === undefined ? undefined : priceNamed(change.price, name("price"));
    if (change.id === undefined) {
      if (price === undefined) throw invalid("Missing required param: price.", name("price"), "parameter_missing");
      if (items.some((item) => item.price.id === price.id)) {
        throw invalid(`An existing Subscription Item is already using price: ${price.id}.`, name("price"));
      }
      items.push({ id: nextId(step.state, "si"), price, quantity: change.quantity ?? 1 });
      return;
    }
    const at = items.findIndex(({ id }) => id === change.id);
    const item = items[at];
    if (item === undefined) throw invalid(`No such subscription item: '${change.id}'`, name("id"), "resource_missing");
    if (change.deleted) items.splice(at, 1);
    else items[at] = { ...item, ...(price && { price }), quantity: change.quantity ?? item.quantity ?? 1 };
  });
  if (items.length === 0) throw invalid("A subscription must have at least one item.", "items");
  if (new Set(items.map(({ price }) => price.interval)).size > 1) {
    throw invalid("Currency and interval fields must match across all plans on this subscription.", "items");
  }
  return items;
}

/** An empty list keeps the discounts, an empty text ends them. */
export function changeDiscounts(step: StripeStep, subscription: Subscription, { discounts }: Update): void {
  if (discounts === undefined || (discounts !== "" && discounts.length === 0)) return;
  const object = () => subscriptionOf(step.state, subscription);
  const change = () => setDiscounts(step, subscription, discounts === "" ? [] : discounts, "discounts");
  emitChange(step, "customer.subscription.updated", object, change);
}

export function changeDetails(step: StripeStep, subscription: Subscription, params: Update): void {
  const now = seconds(step);
  if (params.automatic_tax) {
    if (params.automatic_tax.enabled) requireTaxAddress(step.state);
    subscription.automaticTax = params.automatic_tax.enabled;
  }
  if (params.metadata) subscription.metadata = merged(subscription.metadata ?? {}, params.metadata);
  if (params.default_payment_method !== undefined) {
    subscription.defaultPaymentMethod = find(
      step.state,
      "cards",
      params.default_payment_method,
      "default_payment_method",
    ).id;
  }
  if (params.collection_method !== undefined) {
    subscription.collectionMethod = params.collection_method;
    if (params.collection_method === "charge_automatically") subscription.daysUntilDue = null;
  }
  if (params.days_until_due !== undefined) subscription.daysUntilDue = params.days_until_due;
  if (params.pause_collection !== undefined) {
    const pause = params.pause_collection || null;
    subscription.pauseCollection = pause && { behavior: pause.behavior, resumes_at: pause.resumes_at ?? null };
  }
  if (typeof params.trial_end === "number") {
    if (params.trial_end <= now) throw invalid("The trial end must be in the future.", "trial_end");
    Object.assign(subscription, {
      status: "trialing",
      // A flexible subscription names its latest trial, a classic one its first.
      trialStart: isFlexible(subscription) ? now : (subscription.trialStart ?? now),
      trialEnd: params.trial_end,
      trialEndAnnounced: false,
      billingCycleAnchor: params.trial_end,
      periodStart: now,
      periodEnd: params.trial_end,
    });
  }
  if (params.cancel_at_period_end !== undefined) {
    setCancellation(subscription, now, { cancelAtPeriodEnd: params.cancel_at_period_end, cancelAt: null });
  }
  if (params.cancel_at !== undefined) {
    const at = endOf(subscription, params.cancel_at);
    if (at !== null && at <= now) throw invalid("`cancel_at` must be in the future.", "cancel_at");
    setCancellation(subscription, now, { cancelAtPeriodEnd: false, cancelAt: at });
  }
}

/** The items of a subscription share one period here, so every keyword of `cancel_at` means the end of that period. */
export function endOf({ periodEnd }: Subscription, requested: z.output<typeof cancelAt>): number | null {
  if (requested === "") return null;
  return typeof requested === "number" ? requested : periodEnd;
}

function setCancellation(
  subscription: Subscription,
  now: number,
  end: Pick<Subscription, "cancelAt" | "cancelAtPeriodEnd">,
): void {
  const ends = Boolean(end.cancelAt || end.cancelAtPeriodEnd);
  const canceledAt = ends ? (subscription.canceledAt ?? now) : null;
  Object.assign(subscription, end, { canceledAt, cancellationReason: ends ? "cancellation_requested" : null });
}
