import { z } from "zod";
import type { ItemSpec } from "../../event-builders/paddle/events";
import type { PaddleStep, Subscription } from "../account-state";
import { cardChange } from "../checkout";
import { discountNamed } from "../discounts";
import { emitSubscription } from "../emit";
import { subscriptionOf, transactionOf } from "../objects";
import { previewOf } from "../preview";
import { invalidFields, PaddleProblem } from "../problem";
import { BILLING_MODES } from "../proration";
import { discountFor } from "../subscription-discount";
import {
  cancelScheduledChange,
  planned,
  requireEditable,
  requireNotEnded,
  requirePaused,
  resume,
  stop,
  update,
} from "../subscriptions";
import { priceNamed } from "./catalog";
import {
  accountsOf,
  byPath,
  customData,
  endpoint,
  find,
  instant,
  items,
  nothing,
  page,
  several,
  text,
} from "./endpoint";

const changes = z
  .strictObject({
    items: items.optional(),
    proration_billing_mode: z.enum(BILLING_MODES).optional(),
    on_payment_failure: z.enum(["prevent_change", "apply_change"]).default("prevent_change"),
    scheduled_change: z.null().optional(),
    custom_data: customData,
    discount: z.strictObject({ id: text, effective_from: z.enum(["immediately", "next_billing_period"]) }).nullish(),
  })
  .refine((params) => params.items === undefined || params.proration_billing_mode !== undefined, {
    error: "is required when making changes that impact billing",
    path: ["proration_billing_mode"],
  });

const effective = z.enum(["immediately", "next_billing_period"]).nullish();
/** The other value, which continues the period, is not supported. */
const onResume = z.literal("start_new_billing_period").optional();

export const subscriptions = [
  endpoint({
    method: "GET",
    path: "/subscriptions",
    params: z.strictObject({
      ...page(200),
      id: several.optional(),
      customer_id: several.optional(),
      status: several.pipe(z.array(z.enum(["active", "canceled", "past_due", "paused", "trialing"]))).optional(),
      price_id: several.optional(),
    }),
    of: accountsOf,
    run: ({ state }, { id, customer_id, status, price_id }) =>
      state.subscriptions
        .filter(
          (each) =>
            (id?.includes(each.id) ?? true) &&
            (customer_id?.includes(each.customer) ?? true) &&
            (status?.includes(each.status) ?? true) &&
            (price_id === undefined || each.items.some(({ price }) => price_id.includes(price.id))),
        )
        .map((each) => subscriptionOf(state, each)),
  }),
  endpoint({
    method: "GET",
    path: "/subscriptions/:id",
    params: nothing,
    of: byPath,
    run: ({ state }, _, id) => subscriptionOf(state, find(state, "subscriptions", id)),
  }),
  endpoint({
    method: "PATCH",
    path: "/subscriptions/:id",
    params: changes,
    of: byPath,
    run: (step, params, id) => {
      const subscription = find(step.state, "subscriptions", id);
      if (params.scheduled_change === null) cancelScheduledChange(step, subscription);
      if (params.discount !== undefined) {
        requireEditable(step, subscription);
        subscription.discount = discountAsked(step, subscription, params.discount);
        emitSubscription(step, subscription, "updated");
      }
      if (params.custom_data !== undefined) {
        subscription.customData = params.custom_data;
        emitSubscription(step, subscription, "updated");
      }
      if (params.items !== undefined && params.proration_billing_mode !== undefined) {
        const options = { mode: params.proration_billing_mode, onFailure: params.on_payment_failure };
        update(step, subscription, itemsNamed(params.items), options);
      }
      return subscriptionOf(step.state, subscription);
    },
  }),
  endpoint({
    method: "PATCH",
    path: "/subscriptions/:id/preview",
    params: changes,
    of: byPath,
    run: (step, params, id) => {
      const subscription = find(step.state, "subscriptions", id);
      if (params.items === undefined || params.proration_billing_mode === undefined) {
        throw invalidFields({ field: "items", message: "must be provided as part of the request" });
      }
      requireEditable(step, subscription);
      const next = itemsNamed(params.items);
      const discount =
        params.discount === undefined ? subscription.discount : discountAsked(step, subscription, params.discount);
      const after = { ...subscription, discount: discount ?? null };
      return previewOf(step, after, next, planned(step, after, next, params.proration_billing_mode));
    },
  }),
  endpoint({
    method: "POST",
    path: "/subscriptions/:id/cancel",
    params: z.strictObject({ effective_from: effective }),
    of: byPath,
    run: (step, { effective_from: from }, id) => {
      const subscription = find(step.state, "subscriptions", id);
      stop(step, subscription, "cancel", { immediately: from === "immediately" });
      return subscriptionOf(step.state, subscription);
    },
  }),
  endpoint({
    method: "POST",
    path: "/subscriptions/:id/pause",
    params: z.strictObject({ effective_from: effective, resume_at: instant.nullish(), on_resume: onResume }),
    of: byPath,
    run: (step, { effective_from: from, resume_at: resumeAt = null }, id) => {
      const subscription = find(step.state, "subscriptions", id);
      if (resumeAt !== null && resumeAt <= step.now) {
        throw invalidFields({ field: "resume_at", message: "must be in the future" });
      }
      stop(step, subscription, "pause", { immediately: from === "immediately", resumeAt });
      return subscriptionOf(step.state, subscription);
    },
  }),
  endpoint({
    method: "POST",
    path: "/subscriptions/:id/resume",
    params: z.strictObject({ effective_from: z.union([z.literal("immediately"), instant]), on_resume: onResume }),
    of: byPath,
    run: (step, { effective_from: from }, id) => {
      const subscription = find(step.state, "subscriptions", id);
      if (from === "immediately") resume(step, subscription);
      else {
        requirePaused(subscription);
        subscription.scheduledChange = { action: "resume", effectiveAt: Math.max(from, step.now) };
        emitSubscription(step, subscription, "updated");
      }
      return subscriptionOf(step.state, subscription);
    },
  }),
  endpoint({
    method: "POST",
    path: "/subscriptions/:id/activate",
    params: nothing,
    of: byPath,
    run: ({ state }, _, id) => {
      const { status } = find(state, "subscriptions", id);
      // Paddle's trials belong to prices, and no price of the catalog has one.
      const detail = `Only subscriptions which have status 'trialing' can be activated. Subscription status is '${status}'`;
      throw new PaddleProblem(400, "subscription_cannot_activate", detail);
    },
  }),
  endpoint({
    method: "GET",
    path: "/subscriptions/:id/update-payment-method-transaction",
    params: nothing,
    of: byPath,
    run: (step, _, id) => {
      const subscription = find(step.state, "subscriptions", id);
      requireNotEnded(subscription);
      return transactionOf(step.state, cardChange(step, subscription));
    },
  }),
];

/** null removes the discount. */
function discountAsked(
  step: PaddleStep,
  subscription: Subscription,
  asked: { id: string; effective_from: "immediately" | "next_billing_period" } | null,
) {
  if (asked === null) return null;
  const discount = discountNamed(asked.id);
  if (discount === null) throw invalidFields({ field: "discount.id", message: `discount ${asked.id} not found` });
  return discountFor(step, subscription, discount, asked.effective_from);
}

function itemsNamed(named: readonly { price_id: string; quantity: number }[]): ItemSpec[] {
  const prices = named.map(({ price_id, quantity }, index) => ({
    price: priceNamed(price_id, `items[${index}].price_id`),
    quantity,
  }));
  if (new Set(prices.map(({ price }) => price.id)).size < prices.length) {
    throw new PaddleProblem(400, "subscription_duplicate_price_ids", "each price may be named once");
  }
  if (new Set(prices.map(({ price }) => price.interval)).size > 1) {
    throw new PaddleProblem(400, "subscription_new_items_not_valid", "items must have one billing cycle");
  }
  return prices;
}
