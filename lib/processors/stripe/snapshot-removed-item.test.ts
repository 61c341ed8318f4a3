/** The snapshot of a subscription after the removal of its plan item. */
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

describe.each(SHAPES)("a removed item, in shape %s", (shape) => {
  const soloItem = { id: "si_2", price: solo, quantity: 3 };
  const seatsItem = { id: "si_seats", price: seats };
  /** For each product the plan in its state and before, and the ids of unlisted items. */
  const products = (from: SubscriptionSpec["items"], to: SubscriptionSpec["items"]) => {
    const result = update({ items: from }, { items: to }, {}, shape);
    if (result.outcome !== "facts") throw new Error(result.outcome);
    return result.facts.map(({ product, fact }) => {
      if (fact.kind !== "snapshot") throw new Error(fact.kind);
      return [product, fact.state.plan, fact.previous?.plan, fact.list?.unlisted.map(({ id }) => id)];
    });
  };

  test("leaves its product without a plan, with a previous state", () => {
    const result = update({ items: [...BASE.items, soloItem] }, {}, {}, shape);
    const previous = {
      plan: "solo",
      interval: "monthly",
      quantity: 3,
      status: "active",
      periodStart: 1_000_000_000,
      periodEnd: 3_600_000_000,
      cancelAt: null,
      trialEnd: null,
      collectionPaused: false,
      item: { id: "si_2", product: "prod_depot_solo", price: solo.id },
    };
    expect(result).toMatchObject({
      facts: [
        { product: "mail", fact: { state: { plan: "silver", status: "active" } } },
        {
          product: "depot",
          fact: { id: "stripe:evt_1:snapshot", state: { plan: null, item: null, status: "active" }, previous },
        },
      ],
    });
  });

  test("without a listed price leaves a previous state with the status and the flags", () => {
    const change = (status: string, previous: object = {}) => {
      const object = subscriptionObject({ ...BASE, items: [seatsItem], status: "active" }, shape);
      return send("customer.subscription.updated", object, { status, ...previous }, shape);
    };
    expect(change("past_due", { cancel_at: 2_000_000 })).toMatchObject({
      outcome: "unpriced",
      fact: {
        state: { status: "active" },
        previous: { plan: null, item: null, periodStart: null, status: "past_due" },
      },
    });
    expect(change("past_due", { cancel_at: 2_000_000 })).toMatchObject({ fact: { previous: { cancelAt: 2e9 } } });
    expect(change("on_hold")).toMatchObject({ outcome: "unpriced", fact: { previous: null } });
  });

  test("leaves no previous state if the old status is unknown", () => {
    const [from, to] = [{ items: [...BASE.items, soloItem], status: "past_due" as const }, {}];
    expect(update(from, to, {}, shape)).toMatchObject({ facts: [{}, { fact: { previous: { status: "past_due" } } }] });
    const object = subscriptionObject(BASE, shape);
    const { items } = diff(subscriptionObject({ ...BASE, ...from }, shape), object);
    expect(send("customer.subscription.updated", object, { items, status: "on_hold" }, shape)).toMatchObject({
      facts: [{ fact: { previous: null } }, { fact: { previous: null } }],
    });
  });

  test("ends its product, too, with an end in the same event", () => {
    const result = update({ items: [...BASE.items, soloItem] }, { status: "canceled" }, {}, shape);
    expect(result).toMatchObject({ facts: [{}, { product: "depot", fact: { state: { status: "canceled" } } }] });
  });

  test("leaves unlisted items in the list, which distinguish a successor from an add-on", () => {
    expect(products([...BASE.items, soloItem, seatsItem], [...BASE.items, seatsItem])).toEqual([
      ["mail", "silver", "silver", ["si_seats"]],
      ["depot", null, "solo", ["si_seats"]],
    ]);
    expect(products([...BASE.items, seatsItem], [seatsItem])).toEqual([["mail", null, "silver", ["si_seats"]]]);
    expect(products([...BASE.items, soloItem], [...BASE.items, { ...soloItem, price: seats }])).toEqual([
      ["mail", "silver", "silver", ["si_2"]],
      ["depot", null, "solo", ["si_2"]],
    ]);
  });

  test("with an invalid period leaves no previous state", () => {
    const previous = {
      items: { data: [{ id: "si_2", price: { id: solo.id }, current_period_start: 5, current_period_end: 5 }] },
    };
    const object = subscriptionObject(BASE, shape);
    expect(send("customer.subscription.updated", object, previous, shape)).toMatchObject({
      facts: [{ product: "mail" }, { product: "depot", fact: { state: { plan: null }, previous: null } }],
    });
  });
});
