import type Stripe from "stripe";
import { z } from "zod";
import type { Phase } from "../account-state";
import { scheduleOf } from "../objects";
import { invalid } from "../problem";
import { phaseEnd, release, reschedule, scheduleFrom } from "../schedules";
import { priceNamed } from "./catalog";
import {
  automaticTax,
  behavior,
  byPath,
  count,
  discountParams,
  endpoint,
  find,
  flag,
  instant,
  metadata,
  text,
  unset,
} from "./endpoint";
import { paramsOf } from "./params-of";

const phase = paramsOf<Stripe.SubscriptionScheduleUpdateParams.Phase>()({
  automatic_tax: automaticTax.optional(),
  discounts: z.union([unset, discountParams]).optional(),
  items: z
    .array(
      paramsOf<Stripe.SubscriptionScheduleUpdateParams.Phase.Item>()({
        price: text,
        quantity: count.optional(),
        metadata: metadata.optional(),
      }),
    )
    .min(1),
  start_date: instant.optional(),
  end_date: instant.optional(),
  billing_cycle_anchor: z.enum(["automatic", "phase_start"]).optional(),
  duration: z
    .strictObject({
      interval: z.enum(["month", "year"]),
      interval_count: count.pipe(z.number().min(1).max(36)).default(1),
    })
    .optional(),
  metadata: metadata.optional(),
  proration_behavior: behavior.default("create_prorations"),
  trial_end: instant.optional(),
});
type PhaseParams = z.infer<typeof phase>;

export const schedules = [
  endpoint({
    method: "POST",
    path: "/v1/subscription_schedules",
    params: paramsOf<Stripe.SubscriptionScheduleCreateParams>()({ from_subscription: text }),
    of: ({ from_subscription }) => ({ object: from_subscription, kind: "subscription", param: "from_subscription" }),
    run: (step, params) => {
      const subscription = find(step.state, "subscriptions", params.from_subscription, "from_subscription");
      if (subscription.status === "canceled") {
        throw invalid("You cannot create a subscription schedule from a canceled subscription.", "from_subscription");
      }
      return scheduleOf(step.state, scheduleFrom(step, subscription));
    },
  }),
  endpoint({
    method: "GET",
    path: "/v1/subscription_schedules/:id",
    params: z.strictObject({}),
    of: byPath("subscription_schedule"),
    run: ({ state }, _, id) => scheduleOf(state, find(state, "schedules", id)),
  }),
  endpoint({
    method: "POST",
    path: "/v1/subscription_schedules/:id",
    params: paramsOf<Stripe.SubscriptionScheduleUpdateParams>()({
      phases: z.array(phase).min(1).max(10).optional(),
      end_behavior: z.enum(["release", "cancel"]).optional(),
      proration_behavior: behavior.optional(),
      metadata: metadata.optional(),
    }),
    of: byPath("subscription_schedule"),
    run: (step, params, id) => {
      const schedule = find(step.state, "schedules", id);
      const phases = params.phases && phasesOf(params.phases, schedule.phases[0]?.start);
      reschedule(step, schedule, {
        ...(phases && { phases }),
        ...(params.end_behavior && { endBehavior: params.end_behavior }),
        ...(params.metadata && { metadata: params.metadata }),
      });
      return scheduleOf(step.state, schedule);
    },
  }),
  endpoint({
    method: "POST",
    path: "/v1/subscription_schedules/:id/release",
    params: paramsOf<Stripe.SubscriptionScheduleReleaseParams>()({ preserve_cancel_date: flag.optional() }),
    of: byPath("subscription_schedule"),
    run: (step, _, id) => {
      const schedule = find(step.state, "schedules", id);
      release(step, schedule);
      return scheduleOf(step.state, schedule);
    },
  }),
];

/** Each phase begins at the end of the one before; an end is a date or a duration. */
function phasesOf(phases: readonly PhaseParams[], start: number | undefined): Phase[] {
  let from = start;
  return phases.map((params, index) => {
    const begins = params.start_date ?? from;
    if (begins === undefined) throw invalid("Missing required param: start_date.", `phases[${index}][start_date]`);
    const { duration } = params;
    const items = params.items.map((item, at) => ({
      price: priceNamed(item.price, `phases[${index}][items][${at}][price]`),
      quantity: item.quantity ?? 1,
    }));
    const interval = items[0]?.price.interval ?? "month";
    const counted = duration ? phaseEnd(begins, duration.interval, duration.interval_count) : undefined;
    const end = params.end_date ?? counted ?? phaseEnd(begins, interval, 1);
    from = end;
    return {
      start: begins,
      end,
      items,
      prorationBehavior: params.proration_behavior,
      ...(params.billing_cycle_anchor && { anchor: params.billing_cycle_anchor }),
      ...(params.metadata && { metadata: params.metadata }),
      trialEnd: params.trial_end ?? null,
      discounts: (params.discounts || []).map(({ coupon, discount, promotion_code: promotionCode }) => ({
        coupon: coupon ?? null,
        discount: discount ?? null,
        promotionCode: promotionCode ?? null,
      })),
      ...(params.automatic_tax && { automaticTax: params.automatic_tax.enabled }),
    };
  });
}
