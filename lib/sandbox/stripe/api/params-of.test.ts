import type Stripe from "stripe";
import { expect, test } from "vitest";
import { z } from "zod";
import { paramsOf } from "./params-of";

test("Case P7: a parameter that the pinned version lacks is a compile error, and an unknown one is refused", () => {
  // @ts-expect-error: removed from the phases of a schedule
  paramsOf<Stripe.SubscriptionScheduleUpdateParams.Phase>()({ items: z.array(z.string()), iterations: z.string() });
  // @ts-expect-error: removed from the checkout
  paramsOf<Stripe.Checkout.SessionCreateParams>()({ payment_method_types: z.array(z.string()) });
  const params = paramsOf<Stripe.SubscriptionListParams>()({ price: z.string().optional() });
  expect(params.safeParse({ price: "price_1" }).success).toBe(true);
  expect(params.safeParse({ plan: "price_1" }).error?.issues[0]).toMatchObject({ code: "unrecognized_keys" });
});

test("Case P7: the values and nested names that the pinned version lacks are compile errors", () => {
  const session = paramsOf<Stripe.Checkout.SessionCreateParams>();
  session({ ui_mode: z.enum(["hosted_page"]) });
  // @ts-expect-error: the former name of the hosted page
  session({ ui_mode: z.enum(["hosted_page", "hosted"]) });
  session({ line_items: z.array(z.strictObject({ price: z.string() })) });
  // @ts-expect-error: a line has no plan
  session({ line_items: z.array(z.strictObject({ price: z.string(), plan: z.string() })) });
  const update = paramsOf<Stripe.SubscriptionUpdateParams>();
  update({ billing_cycle_anchor: z.strictObject({ type: z.enum(["now", "unchanged"]) }) });
  // @ts-expect-error: a text before 2026-09-30
  update({ billing_cycle_anchor: z.enum(["now", "unchanged"]) });
  // @ts-expect-error: an amount is not a text
  paramsOf<Stripe.RefundCreateParams>()({ amount: z.string() });
});

test("Case P7: a parameter that the pinned version requires must be required", () => {
  const items = paramsOf<Stripe.SubscriptionItemListParams>();
  expect(items({ subscription: z.string() }).safeParse({}).error?.issues[0]).toMatchObject({ path: ["subscription"] });
  // @ts-expect-error: missing
  items({ limit: z.number().optional() });
  // @ts-expect-error: optional
  items({ subscription: z.string().optional() });
  // @ts-expect-error: has a default value
  items({ subscription: z.string().default("sub_1") });
});
