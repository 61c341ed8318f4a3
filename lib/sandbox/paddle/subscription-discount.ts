/** The recurring discount of a subscription. Pure. */

import { addMonths } from "@/lib/billing/timeline/calendar";
import type { Instant } from "@/lib/billing/types";
import type { DiscountSpec, SubscriptionSpec } from "../event-builders/paddle/events";
import type { PaddleStep, Subscription } from "./account-state";
import { isFor } from "./discounts";
import { PaddleProblem } from "./problem";
import { intervalOf } from "./proration";

/** A discount from this instant on, for its number of billing periods. */
export function discountFrom(
  { id, intervals }: DiscountSpec,
  startsAt: Instant,
  interval: "month" | "year",
): NonNullable<SubscriptionSpec["discount"]> {
  const months = (intervals ?? 0) * (interval === "year" ? 12 : 1);
  return { id, startsAt, endsAt: intervals === null ? null : addMonths(startsAt, months) };
}

/** The discount of a subscription. As at Paddle, an expired one can be added. */
export function discountFor(
  { now }: PaddleStep,
  { items, period }: Subscription,
  discount: DiscountSpec,
  effective: "immediately" | "next_billing_period",
): NonNullable<SubscriptionSpec["discount"]> {
  if (!discount.recur) {
    throw new PaddleProblem(400, "subscription_one_off_discount_not_valid", "the discount does not recur");
  }
  if (!items.some(({ price }) => isFor(discount, price))) {
    throw new PaddleProblem(400, "subscription_discount_not_valid_for_items", "the discount is for other items");
  }
  return discountFrom(discount, effective === "immediately" || period === null ? now : period.end, intervalOf(items));
}
