import { describe, expect, test } from "vitest";
import type { StripeObject } from "@/lib/sandbox/event-builders/stripe/events";
import { event } from "@/lib/sandbox/event-builders/stripe/events";
import { normalized } from "@/tests/support/normalized-stripe";
import { discountsOf } from "./discount";

const END = Date.parse("2027-03-03T00:00:00Z");
const coupon = { id: "spring20", object: "coupon", name: "Spring", percent_off: 20, amount_off: null, currency: null };
const discount = (over: object = {}): StripeObject => ({
  id: "di_1",
  object: "discount",
  customer: "cus_1",
  subscription: "sub_1",
  subscription_item: null,
  end: END / 1000,
  promotion_code: null,
  source: { type: "coupon", coupon },
  ...over,
});
const terms = { id: "spring20", name: "Spring", code: null, off: { percent: 20 } };
const whole = { key: "di_1", terms, endsAt: END };
const bare = { key: "di_1", terms: null };

describe("the discounts of a subscription are read from", () => {
  test.each<[string, object, ReturnType<typeof discountsOf>]>([
    ["ids", { discounts: ["di_1", "di_2"] }, [bare, { key: "di_2", terms: null }]],
    ["an empty list", { discounts: [] }, []],
    ["objects with their coupon", { discounts: [discount()] }, [whole]],
    [
      "the single field of old versions",
      { discount: discount({ source: undefined, coupon }), discounts: null },
      [whole],
    ],
    ["an empty single field", { discount: null }, []],
    ["both fields", { discounts: ["di_1"], discount: discount() }, [whole]],
    ["absent fields", {}, undefined],
    ["a malformed list", { discounts: "di_1" }, undefined],
    ["an unusable id", { discounts: ["di_\u0000"] }, undefined],
  ])("%s", (_, object, expected) => {
    expect(discountsOf({ ...object })).toEqual(expected);
  });

  test.each<[string, object, object | null]>([
    [
      "an amount",
      { source: { coupon: { ...coupon, percent_off: null, amount_off: 500, currency: "usd" } } },
      { ...terms, off: { amount: 500, currency: "USD" } },
    ],
    ["a promotion code", { promotion_code: { id: "promo_1", code: "SPRING" } }, { ...terms, code: "SPRING" }],
    ["no name", { source: { coupon: { ...coupon, name: null } } }, { ...terms, name: null }],
    ["a name that cannot be shown", { source: { coupon: { ...coupon, name: "a\u0000" } } }, { ...terms, name: null }],
    ["the code's id only", { promotion_code: "promo_1" }, null],
    ["the coupon's id only", { source: { coupon: "spring20" } }, null],
    ["no coupon", { source: null }, null],
    ["an amount without a currency", { source: { coupon: { ...coupon, percent_off: null, amount_off: 500 } } }, null],
  ])("a discount with %s", (_, over, expected) => {
    expect(discountsOf({ discounts: [discount(over)] })).toEqual([{ ...whole, terms: expected }]);
  });
});

describe("an event of a discount", () => {
  const send = (over: object) =>
    normalized(event("customer.discount.created", discount(over), undefined, { id: "evt_1", created: 2_000_000 }));

  test("names its subscription", () => {
    expect(send({})).toMatchObject({
      outcome: "unpriced",
      identity: { customer: "cus_1", subscription: "sub_1", trustedUserId: null },
      fact: { kind: "discount", subscription: "sub_1", at: 2_000_000_000, change: "set", discount: whole },
    });
  });

  test("of a customer or of one item is ignored", () => {
    expect(send({ subscription: null })).toEqual({ outcome: "ignored", reason: "no_subscription" });
    expect(send({ subscription_item: "si_1" })).toEqual({ outcome: "ignored", reason: "item_discount" });
  });

  test("that is unreadable is quarantined with its customer and subscription", () => {
    expect(send({ end: "tomorrow" })).toEqual({
      outcome: "quarantined",
      reason: "missing_field:data.object.end",
      identity: { customer: "cus_1", subscription: "sub_1", trustedUserId: null },
    });
  });
});
