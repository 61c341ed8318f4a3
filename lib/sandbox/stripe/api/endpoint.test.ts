import type Stripe from "stripe";
import { expect, test } from "vitest";
import { z } from "zod";
import { isCreated, paramsOf } from "./endpoint";

test("Case P7: a parameter that the pinned version lacks is a compile error, and an unknown one is refused", () => {
  // @ts-expect-error: removed from the phases of a schedule
  paramsOf<Stripe.SubscriptionScheduleUpdateParams.Phase>()({ items: z.array(z.string()), iterations: z.string() });
  // @ts-expect-error: removed from the checkout
  paramsOf<Stripe.Checkout.SessionCreateParams>()({ payment_method_types: z.array(z.string()) });
  const params = paramsOf<Stripe.SubscriptionScheduleUpdateParams.Phase>()({ start_date: z.string().optional() });
  expect(params.safeParse({ start_date: "1" }).success).toBe(true);
  expect(params.safeParse({ iterations: "1" }).error?.issues[0]).toMatchObject({ code: "unrecognized_keys" });
});

test.each([
  [undefined, [true, true, true]],
  [2, [false, true, false]],
  [{ gt: 1, lt: 3 }, [false, true, false]],
  [{ gte: 2 }, [false, true, true]],
  [{ lte: 2 }, [true, true, false]],
])("created in %j", (range, expected) => {
  expect([1, 2, 3].map((at) => isCreated(at, range))).toEqual(expected);
});
