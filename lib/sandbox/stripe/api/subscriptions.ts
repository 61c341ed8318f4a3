import { z } from "zod";
import { endSubscription } from "../invoices";
import { itemOf, listOf, subscriptionOf } from "../objects";
import { invalid } from "../problem";
import { changeItems, resume } from "../subscriptions";
import { tellChange } from "../tell";
import type { Subscription } from "../world";
import { behavior, byPath, endpoint, find, flag, instant, listParams, page, requireCustomer, text } from "./endpoint";
import { changeDetails, changeDiscounts, itemsChange, refuseImpossible, updateParams } from "./subscription-update";

export const subscriptions = [
  endpoint({
    method: "GET",
    path: "/v1/subscriptions/:id",
    params: z.strictObject({}),
    of: byPath("subscription"),
    act: ({ world }, _, id) => subscriptionOf(world, find(world, "subscriptions", id)),
  }),
  endpoint({
    method: "GET",
    path: "/v1/subscriptions",
    params: z.strictObject({
      ...listParams,
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
    act: ({ world }, params) => {
      requireCustomer(world, params.customer);
      const wanted = world.subscriptions.filter(
        ({ status, items }) =>
          isWanted(status, params.status) && items.some(({ price }) => (params.price ?? price.id) === price.id),
      );
      const { data, hasMore } = page(wanted, params);
      return listOf(
        "/v1/subscriptions",
        data.map((each) => subscriptionOf(world, each)),
        hasMore,
      );
    },
  }),
  endpoint({
    method: "GET",
    path: "/v1/subscription_items",
    params: z.strictObject({ ...listParams, subscription: text }),
    of: ({ subscription }) => ({ object: subscription, kind: "subscription", param: "subscription" }),
    act: ({ world }, params) => {
      const subscription = find(world, "subscriptions", params.subscription, "subscription");
      // In the order in which the subscription itself has them, so that its list goes on here.
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
    act: (turn, params, id) => {
      const subscription = find(turn.world, "subscriptions", id);
      refuseImpossible(subscription, params);
      // First: a change in the same request is charged at the new discount.
      changeDiscounts(turn, subscription, params);
      if (params.items !== undefined || params.billing_cycle_anchor === "now" || params.trial_end === "now") {
        changeItems(turn, subscription, itemsChange(turn, subscription, params));
      }
      tellChange(
        turn,
        "customer.subscription.updated",
        () => subscriptionOf(turn.world, subscription),
        () => changeDetails(turn, subscription, params),
      );
      return subscriptionOf(turn.world, subscription);
    },
  }),
  endpoint({
    method: "DELETE",
    path: "/v1/subscriptions/:id",
    params: z.strictObject({
      invoice_now: flag.optional(),
      prorate: flag.optional(),
      cancellation_details: z.strictObject({ comment: text.optional(), feedback: text.optional() }).optional(),
    }),
    of: byPath("subscription"),
    act: (turn, params, id) => {
      if (params.invoice_now || params.prorate) throw invalid("The sandbox cancels without a last invoice.", "prorate");
      const subscription = find(turn.world, "subscriptions", id);
      if (subscription.status === "canceled") throw invalid(`No such subscription: '${id}'`, "id", "resource_missing");
      endSubscription(turn, subscription, "cancellation_requested");
      return subscriptionOf(turn.world, subscription);
    },
  }),
  endpoint({
    method: "POST",
    path: "/v1/subscriptions/:id/resume",
    params: z.strictObject({
      billing_cycle_anchor: z.strictObject({ type: z.enum(["now", "unchanged"]) }).optional(),
      payment_behavior: text.optional(),
      proration_behavior: behavior.optional(),
      proration_date: instant.optional(),
    }),
    of: byPath("subscription"),
    act: (turn, _, id) => {
      const subscription = find(turn.world, "subscriptions", id);
      if (subscription.status !== "paused")
        throw invalid("The subscription is not paused and cannot be resumed.", "id");
      resume(turn, subscription);
      return subscriptionOf(turn.world, subscription);
    },
  }),
];

/** By default everything but what has ended. */
function isWanted(status: Subscription["status"], wanted: string | undefined): boolean {
  const ended = status === "canceled" || status === "incomplete_expired";
  if (wanted === undefined) return status !== "canceled";
  return wanted === "all" || (wanted === "ended" ? ended : wanted === status);
}
