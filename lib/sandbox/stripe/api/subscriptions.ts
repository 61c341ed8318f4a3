import type Stripe from "stripe";
import { z } from "zod";
import type { Subscription } from "../account-state";
import { emitChange } from "../emit";
import { endSubscription } from "../invoices";
import { listOf } from "../list";
import { itemOf, subscriptionOf } from "../objects";
import { invalid } from "../problem";
import { resume } from "../resume";
import { changeItems } from "../subscriptions";
import {
  anchor,
  behavior,
  byPath,
  collectionMethod,
  created,
  endpoint,
  find,
  flag,
  instant,
  isCreated,
  listParams,
  page,
  requireCustomer,
  text,
} from "./endpoint";
import { paramsOf } from "./params-of";
import { changeDetails, changeDiscounts, itemsChange, updateParams } from "./subscription-update";
import { refuseImpossible } from "./update-refusals";

export const subscriptions = [
  endpoint({
    method: "GET",
    path: "/v1/subscriptions/:id",
    params: z.strictObject({}),
    of: byPath("subscription"),
    run: ({ state }, _, id) => subscriptionOf(state, find(state, "subscriptions", id)),
  }),
  endpoint({
    method: "GET",
    path: "/v1/subscriptions",
    params: paramsOf<Stripe.SubscriptionListParams>()({
      ...listParams,
      collection_method: collectionMethod.optional(),
      created,
      // At Stripe, a list without a customer covers the whole account.
      customer: text,
      price: text.optional(),
      status: z
        .enum([
          "active",
          "all",
          "canceled",
          "ended",
          "incomplete",
          "incomplete_expired",
          "past_due",
          "paused",
          "trialing",
          "unpaid",
        ])
        .optional(),
    }),
    of: ({ customer }) => ({ object: customer, kind: "customer", param: "customer" }),
    run: ({ state }, params) => {
      requireCustomer(state, params.customer);
      const wanted = state.subscriptions.filter(
        ({ collectionMethod: method = "charge_automatically", created, status, items }) =>
          isWanted(status, params.status) &&
          (params.collection_method ?? method) === method &&
          isCreated(created, params.created) &&
          items.some(({ price }) => (params.price ?? price.id) === price.id),
      );
      const { data, hasMore } = page(wanted, params);
      return listOf(
        "/v1/subscriptions",
        data.map((each) => subscriptionOf(state, each)),
        hasMore,
      );
    },
  }),
  endpoint({
    method: "GET",
    path: "/v1/subscription_items",
    params: paramsOf<Stripe.SubscriptionItemListParams>()({ ...listParams, subscription: text }),
    of: ({ subscription }) => ({ object: subscription, kind: "subscription", param: "subscription" }),
    run: ({ state }, params) => {
      const subscription = find(state, "subscriptions", params.subscription, "subscription");
      // In the subscription's own order, so that this list continues the embedded one.
      const { data, hasMore } = page(subscription.items.toReversed(), params);
      return listOf(
        "/v1/subscription_items",
        data.map((item) => itemOf(subscription, item)),
        hasMore,
      );
    },
  }),
  endpoint({
    method: "POST",
    path: "/v1/subscriptions/:id",
    params: updateParams,
    of: byPath("subscription"),
    run: (step, params, id) => {
      const subscription = find(step.state, "subscriptions", id);
      refuseImpossible(step.state, subscription, params);
      // First: a change in the same request is charged at the new discount.
      changeDiscounts(step, subscription, params);
      const changes =
        params.items !== undefined || params.billing_cycle_anchor?.type === "now" || params.trial_end === "now";
      const changed = changes && changeItems(step, subscription, itemsChange(step, subscription, params));
      // A pending update includes the rest of the request.
      if (changed === "pending") return subscriptionOf(step.state, subscription);
      emitChange(
        step,
        "customer.subscription.updated",
        () => subscriptionOf(step.state, subscription),
        () => changeDetails(step, subscription, params),
      );
      return subscriptionOf(step.state, subscription);
    },
  }),
  endpoint({
    method: "DELETE",
    path: "/v1/subscriptions/:id",
    params: paramsOf<Stripe.SubscriptionCancelParams>()({
      invoice_now: flag.optional(),
      prorate: flag.optional(),
      cancellation_details: z
        .strictObject({ comment: text.optional(), feedback: text.optional(), feedback_option: text.optional() })
        .optional(),
    }),
    of: byPath("subscription"),
    run: (step, params, id) => {
      if (params.invoice_now || params.prorate) throw invalid("The sandbox cancels without a last invoice.", "prorate");
      const subscription = find(step.state, "subscriptions", id);
      if (subscription.status === "canceled") throw invalid(`No such subscription: '${id}'`, "id", "resource_missing");
      endSubscription(step, subscription, "cancellation_requested");
      return subscriptionOf(step.state, subscription);
    },
  }),
  endpoint({
    method: "POST",
    path: "/v1/subscriptions/:id/resume",
    params: paramsOf<Stripe.SubscriptionResumeParams>()({
      billing_cycle_anchor: anchor.optional(),
      payment_behavior: z
        .enum(["resume_on_payment_attempt", "resume_on_payment_success"])
        .default("resume_on_payment_attempt"),
      proration_behavior: behavior.optional(),
      proration_date: instant.optional(),
    }),
    of: byPath("subscription"),
    run: (step, params, id) => {
      const subscription = find(step.state, "subscriptions", id);
      if (subscription.status !== "paused")
        throw invalid("The subscription is not paused and cannot be resumed.", "id");
      if (params.billing_cycle_anchor?.type === "unchanged") {
        throw invalid("The sandbox resumes with a new billing cycle.", "billing_cycle_anchor");
      }
      resume(step, subscription, params.payment_behavior);
      return subscriptionOf(step.state, subscription);
    },
  }),
];

/** By default all statuses except canceled. */
function isWanted(status: Subscription["status"], wanted: string | undefined): boolean {
  const ended = status === "canceled" || status === "incomplete_expired";
  if (wanted === undefined) return status !== "canceled";
  return wanted === "all" || (wanted === "ended" ? ended : wanted === status);
}
