/** The item of a subscription that is the plan. */
import { describe, expect, test } from "vitest";
import {
  diff,
  event,
  planPrice,
  SHAPES,
  type Shape,
  type StripeObject,
  type SubscriptionSpec,
  subscriptionObject,
} from "@/lib/sandbox/event-builders/stripe/events";
import { type Changes, normalized, withChanges } from "@/tests/support/normalized-stripe";

const silver = planPrice({ product: "mail", plan: "silver", interval: "monthly" });
const titanium = planPrice({ product: "mail", plan: "titanium", interval: "monthly" });
const solo = planPrice({ product: "depot", plan: "solo", interval: "monthly" });
const seats = { ...silver, id: "price_seats" };
const BASE: SubscriptionSpec = {
  id: "sub_1",
  customer: "cus_1",
  items: [{ id: "si_1", price: silver }],
  created: 1_000_000,
  periodStart: 1_000_000,
  periodEnd: 3_600_000,
};

/** Normalizes an update from one subscription to the other, with further changes by hand. */
function update(
  from: Partial<SubscriptionSpec>,
  to: Partial<SubscriptionSpec> = {},
  changes: Changes = {},
  shape: Shape = "basil",
) {
  const [old, now] = [subscriptionObject({ ...BASE, ...from }, shape), subscriptionObject({ ...BASE, ...to }, shape)];
  return send("customer.subscription.updated", withChanges(now, changes), diff(old, now), shape);
}

function send(type: string, object: StripeObject, previous?: StripeObject, shape: Shape = "basil") {
  return normalized(event(type, object, previous, { id: "evt_1", created: 2_000_000, shape }));
}

describe.each(SHAPES)("the plan item, in shape %s", (shape) => {
  const facts = (from: Partial<SubscriptionSpec>, to: Partial<SubscriptionSpec> = {}) => {
    const result = update(from, to, {}, shape);
    if (result.outcome !== "facts") throw new Error(result.outcome);
    return result;
  };

  test("is found by its price, at any place", () => {
    const items = [
      { id: "si_seats", price: seats, quantity: 7 },
      { id: "si_1", price: silver, quantity: 2 },
    ];
    expect(facts({ items }, { items }).facts).toMatchObject([
      { product: "mail", fact: { state: { plan: "silver", quantity: 2 }, previous: { plan: "silver", quantity: 2 } } },
    ]);
  });

  test("counts with its old price if an upgrade replaced the item", () => {
    const result = facts({}, { items: [{ id: "si_2", price: titanium }] });
    expect(result.facts).toMatchObject([{ fact: { state: { plan: "titanium" }, previous: { plan: "silver" } } }]);
    expect(result.analysis).toEqual({ hasPeriodChange: false, hasPlanChange: true });
  });

  test("has no previous state if the product joined later", () => {
    const result = facts({}, { items: [...BASE.items, { id: "si_2", price: solo }] });
    expect(result.facts).toMatchObject([
      { product: "mail", fact: { previous: { plan: "silver" } } },
      { product: "depot", fact: { previous: null } },
    ]);
    expect(result.analysis).toEqual({ hasPeriodChange: false, hasPlanChange: false });
  });

  test("has no previous state if its item belonged to another product, which is absent now", () => {
    const result = facts({ items: [{ id: "si_1", price: solo }] });
    expect(result.facts).toMatchObject([
      { product: "mail", fact: { state: { plan: "silver", status: "active" }, previous: null } },
      { product: "depot", fact: { state: { plan: null, status: "active" }, previous: { plan: "solo" } } },
    ]);
    expect(result.analysis).toEqual({ hasPeriodChange: false, hasPlanChange: false });
  });

  test("has a previous state without a plan if its old price is unknown", () => {
    const result = facts({ items: [{ id: "si_1", price: seats }] });
    expect(result.facts).toMatchObject([{ fact: { previous: { plan: null, interval: null, status: "active" } } }]);
  });

  test("is found by a price in the old field", () => {
    expect(update({}, {}, { "items.data.0.price": undefined }, shape)).toEqual(update({}, {}, {}, shape));
    const none = { "items.data.0.price": undefined, "items.data.0.plan": undefined };
    expect(update({}, {}, none, shape)).toMatchObject({ outcome: "unpriced" });
  });

  test("with an unknown old price is found by its id among several", () => {
    const other = { ...seats, id: "price_other" };
    const items = [
      { id: "si_0", price: seats, quantity: 5 },
      { id: "si_1", price: other, quantity: 9 },
    ];
    expect(facts({ items }).facts).toMatchObject([{ fact: { previous: { plan: null, quantity: 9 } } }]);
    expect(facts({ items: [{ id: "si_0", price: seats }] }).facts).toMatchObject([{ fact: { previous: null } }]);
  });

  test("of one product can change while the other's item stays", () => {
    const items = [...BASE.items, { id: "si_2", price: solo }];
    const changed = [
      { id: "si_1", price: titanium },
      { id: "si_2", price: solo },
    ];
    expect(facts({ items }, { items: changed }).analysis).toEqual({ hasPeriodChange: false, hasPlanChange: true });
  });

  test("is the one of the higher plan of two, flagged, in any order", () => {
    const [low, high] = [
      { id: "si_1", price: silver },
      { id: "si_2", price: titanium, quantity: 3 },
    ] as const;
    for (const items of [
      [low, high],
      [high, low],
    ]) {
      expect(facts({}, { items }).facts).toMatchObject([
        { fact: { state: { plan: "titanium", quantity: 3, twoPlanItems: true, item: { id: "si_2" } } } },
      ]);
      expect(facts({ items }, {}).facts).toMatchObject([
        { fact: { state: { plan: "silver" }, previous: { plan: "titanium" } } },
      ]);
    }
    const yearly = planPrice({ product: "mail", plan: "silver", interval: "yearly" });
    expect(facts({}, { items: [low, { id: "si_2", price: yearly }] }).facts).toMatchObject([
      { fact: { state: { interval: "yearly" } } },
    ]);
    expect(facts({}, {}).facts[0]?.fact).not.toHaveProperty("state.twoPlanItems");
  });
});

describe.each(SHAPES)("a subscription without a listed price, in shape %s", (shape) => {
  const unknown = [{ id: "si_1", price: seats, quantity: 4 }];
  const created = (spec: Partial<SubscriptionSpec>, changes: Changes = {}) =>
    send(
      "customer.subscription.created",
      withChanges(subscriptionObject({ ...BASE, items: unknown, ...spec }, shape), changes),
      undefined,
      shape,
    );
  const own = {
    id: "si_1",
    product: "prod_mail_silver",
    price: "price_seats",
    interval: "monthly",
    quantity: 4,
    periodStart: 1_000_000_000,
    periodEnd: 3_600_000_000,
  };

  test("keeps status, flags and items", () => {
    expect(created({ status: "past_due", pauseCollection: { behavior: "void", resumes_at: null } })).toEqual({
      outcome: "unpriced",
      identity: { customer: "cus_1", subscription: "sub_1", trustedUserId: null },
      analysis: null,
      fact: {
        kind: "snapshot",
        id: "stripe:evt_1:snapshot",
        processor: "stripe",
        subscription: "sub_1",
        at: 2_000_000_000,
        changeType: "created",
        list: { complete: true, plans: 0, unlisted: [own] },
        discounts: [],
        state: {
          plan: null,
          interval: null,
          quantity: 1,
          status: "past_due",
          periodStart: null,
          periodEnd: null,
          cancelAt: null,
          trialEnd: null,
          collectionPaused: true,
          item: null,
        },
        previous: null,
      },
    });
  });

  test.each([
    ["month", 1, "monthly"],
    ["month", 12, "yearly"],
    ["month", 3, null],
    ["year", 1, "yearly"],
    ["week", 1, null],
  ])("has the right interval for an item that recurs every %s × %s", (interval, count, expected) => {
    const changes = {
      "items.data.0.price.recurring": { interval, interval_count: count },
      "items.data.0.plan": undefined,
    };
    expect(created({}, changes)).toMatchObject({ fact: { list: { unlisted: [{ interval: expected }] } } });
  });

  test("has no period for an item with an invalid period", () => {
    expect(created({ periodEnd: BASE.periodStart })).toMatchObject({
      fact: { list: { unlisted: [{ periodStart: null, periodEnd: null }] } },
    });
  });

  test("keeps its end and its scheduled end", () => {
    expect(created({ cancelAtPeriodEnd: true })).toMatchObject({ fact: { state: { cancelAt: 3_600_000_000 } } });
    const object = subscriptionObject({ ...BASE, items: unknown }, shape);
    expect(send("customer.subscription.deleted", object, undefined, shape)).toMatchObject({
      outcome: "unpriced",
      fact: { changeType: "deleted", state: { status: "canceled" } },
    });
  });

  test("is quarantined for an unknown status; an empty list does not end a plan", () => {
    expect(created({}, { status: "on_hold" })).toMatchObject({ outcome: "quarantined", reason: "unknown_status" });
    expect(created({}, { "items.data": [] })).toMatchObject({
      outcome: "unpriced",
      fact: { list: { complete: false, unlisted: [] }, state: { plan: null } },
    });
  });

  test("has an incomplete list if the list is truncated", () => {
    expect(created({ moreItems: true })).toMatchObject({ fact: { list: { complete: false, plans: 0 } } });
    expect(created({ items: BASE.items, moreItems: true })).toMatchObject({
      facts: [{ fact: { list: { complete: false, plans: 1, unlisted: [] }, state: { plan: "silver" } } }],
    });
  });
});
