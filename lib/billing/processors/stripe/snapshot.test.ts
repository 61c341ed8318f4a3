import { describe, expect, test } from "vitest";
import { STATUSES } from "@/lib/billing/facts";
import {
  diff,
  event,
  planPrice,
  SHAPES,
  type Shape,
  type StripeObject,
  type SubscriptionSpec,
  subscriptionObject,
} from "./events";
import { type Changes, normalized, withChanges } from "./testing";

const plus = planPrice({ product: "writer", plan: "plus", interval: "monthly" });
const ultra = planPrice({ product: "writer", plan: "ultra", interval: "monthly" });
const starter = planPrice({ product: "chatbots", plan: "starter", interval: "monthly" });
const seats = { ...plus, id: "price_seats" };
const BASE: SubscriptionSpec = {
  id: "sub_1",
  customer: "cus_1",
  items: [{ id: "si_1", price: plus }],
  created: 1_000_000,
  periodStart: 1_000_000,
  periodEnd: 3_600_000,
};

/** Normalizes an update from one subscription to the other, changed by hand at last. */
function update(
  from: Partial<SubscriptionSpec>,
  to: Partial<SubscriptionSpec> = {},
  changes: Changes = {},
  shape: Shape = "g2",
) {
  const [old, now] = [subscriptionObject({ ...BASE, ...from }, shape), subscriptionObject({ ...BASE, ...to }, shape)];
  return send("customer.subscription.updated", withChanges(now, changes), diff(old, now), shape);
}

function send(type: string, object: StripeObject, previous?: StripeObject, shape: Shape = "g2") {
  return normalized(event(type, object, previous, { id: "evt_1", created: 2_000_000, shape }));
}

describe.each(SHAPES)("the plan item, in shape %s", (shape) => {
  const facts = (from: Partial<SubscriptionSpec>, to: Partial<SubscriptionSpec> = {}) => {
    const result = update(from, to, {}, shape);
    if (result.outcome !== "facts") throw new Error(result.reason);
    return result;
  };

  test("is found by its price, wherever it stands", () => {
    const items = [
      { id: "si_seats", price: seats, quantity: 7 },
      { id: "si_1", price: plus, quantity: 2 },
    ];
    expect(facts({ items }, { items }).facts).toMatchObject([
      { product: "writer", fact: { image: { plan: "plus", quantity: 2 }, before: { plan: "plus", quantity: 2 } } },
    ]);
  });

  test("counts with its old price where an upgrade replaced the item", () => {
    const result = facts({}, { items: [{ id: "si_2", price: ultra }] });
    expect(result.facts).toMatchObject([{ fact: { image: { plan: "ultra" }, before: { plan: "plus" } } }]);
    expect(result.analysis).toEqual({ hasPeriodChange: false, hasPlanChange: true });
  });

  test("has no before-image where the product joined later", () => {
    const result = facts({}, { items: [...BASE.items, { id: "si_2", price: starter }] });
    expect(result.facts).toMatchObject([
      { product: "writer", fact: { before: { plan: "plus" } } },
      { product: "chatbots", fact: { before: null } },
    ]);
    expect(result.analysis).toEqual({ hasPeriodChange: false, hasPlanChange: false });
  });

  test("has no before-image where its item was another product's", () => {
    const result = facts({ items: [{ id: "si_1", price: starter }] });
    expect(result.facts).toMatchObject([{ product: "writer", fact: { image: { plan: "plus" }, before: null } }]);
  });

  test("keeps a before-image without a plan where its old price is not known", () => {
    const result = facts({ items: [{ id: "si_1", price: seats }] });
    expect(result.facts).toMatchObject([{ fact: { before: { plan: null, interval: null, status: "active" } } }]);
  });

  test("no known price, or two of one product, is quarantined", () => {
    const identity = { customer: "cus_1", subscription: "sub_1", trustedUserId: null };
    const unknown = [{ id: "si_1", price: seats }];
    expect(update({}, { items: unknown }, {}, shape)).toEqual({
      outcome: "quarantined",
      reason: "unknown_price",
      identity,
    });
    const two = [...BASE.items, { id: "si_2", price: ultra }];
    expect(update({}, { items: two }, {}, shape)).toEqual({
      outcome: "quarantined",
      reason: "ambiguous_plan_items",
      identity,
    });
  });
});

describe("status", () => {
  test.each(STATUSES)("%s is taken as it is, now and before", (status) => {
    expect(update({ status }, { status })).toMatchObject({
      facts: [{ fact: { image: { status }, before: { status } } }],
    });
  });

  test("an unknown one is quarantined; an unknown old one leaves no before-image", () => {
    expect(update({}, {}, { status: "on_hold" })).toMatchObject({ reason: "unknown_status" });
    const object = subscriptionObject(BASE, "g2");
    expect(send("customer.subscription.updated", object, { status: "on_hold" })).toMatchObject({
      facts: [{ fact: { before: null } }],
    });
  });

  test("a deleted subscription is canceled, whatever it says and whatever is missing", () => {
    const whole = subscriptionObject({ ...BASE, cancelAtPeriodEnd: true }, "g0");
    const object = withChanges(whole, { current_period_start: undefined, current_period_end: undefined });
    expect(send("customer.subscription.deleted", object)).toMatchObject({
      facts: [{ fact: { life: "deleted", image: { status: "canceled", periodStart: null, cancelAt: null } } }],
    });
  });
});

describe("fields", () => {
  test.each<[string, Changes]>([
    ["id", { id: undefined }],
    ["status", { status: undefined }],
    ["status", { status: 1 }],
    ["items", { items: undefined }],
    ["items.data", { "items.data": {} }],
    ["items.data.0.quantity", { "items.data.0.quantity": 1.5 }],
    ["items.data.0.current_period_start", { "items.data.0.current_period_start": undefined }],
    ["items.data.0.current_period_start", { "items.data.0.current_period_end": undefined }],
    ["items.data.0.current_period_end", { "items.data.0.current_period_end": 1e300 }],
  ])("without %s the event is quarantined", (path, changes) => {
    const reason = `missing_field:data.object.${path}`;
    expect(update({}, {}, changes)).toMatchObject({ outcome: "quarantined", reason });
  });

  test("a period that ends before it starts is quarantined", () => {
    expect(update({}, { periodEnd: BASE.periodStart })).toMatchObject({ reason: "invalid_period" });
  });

  test("the item's own period counts where the subscription has one too: items may differ", () => {
    const result = update({}, {}, { current_period_start: 1, current_period_end: 2 }, "g1");
    expect(result).toMatchObject({
      facts: [{ fact: { image: { periodStart: 1_000_000_000, periodEnd: 3_600_000_000 } } }],
    });
  });

  test("absent and null are the same", () => {
    const keys = ["cancel_at", "cancel_at_period_end", "trial_end", "pause_collection"];
    const absent = Object.fromEntries(keys.map((key) => [key, undefined]));
    expect(update({}, {}, absent)).toEqual(update({}, {}));
    const previous = { cancel_at: null, pause_collection: null };
    expect(send("customer.subscription.updated", subscriptionObject(BASE, "g2"), previous)).toEqual(update({}, {}));
  });

  test("cancel_at wins; without it cancel_at_period_end means the period's end", () => {
    const at = (changes: Changes) => {
      const result = update({}, { cancelAtPeriodEnd: true }, changes);
      return result.outcome === "facts" && result.facts[0]?.fact.kind === "snapshot"
        ? [result.facts[0].fact.image.cancelAt, result.facts[0].fact.before?.cancelAt]
        : null;
    };
    expect(at({})).toEqual([3_600_000_000, null]);
    expect(at({ cancel_at: 3_000_000 })).toEqual([3_000_000_000, null]);
    expect(at({ cancel_at: null })).toEqual([3_600_000_000, null]);
  });

  test("expanded objects count as their ids; user ids are believed as written by our server", () => {
    const expanded = {
      customer: { id: "cus_1", object: "customer", metadata: { user_id: "not_this" } },
      metadata: { user_id: "org_1" },
    };
    expect(update({}, {}, expanded)).toMatchObject({
      identity: { customer: "cus_1", subscription: "sub_1", trustedUserId: "org_1" },
    });
    for (const user of ["", "nul\u0000", 7, null, "x".repeat(256)]) {
      const strange = { metadata: { user_id: user } };
      expect(update({}, {}, strange)).toMatchObject({ outcome: "facts", identity: { trustedUserId: null } });
    }
  });
});

describe("the before-image", () => {
  test("is null where the event does not say", () => {
    const object = subscriptionObject(BASE, "g2");
    expect(send("customer.subscription.updated", object)).toMatchObject({
      facts: [{ fact: { before: null } }],
      analysis: { hasPeriodChange: false, hasPlanChange: false },
    });
    expect(send("customer.subscription.created", object, { status: "incomplete" })).toMatchObject({
      facts: [{ fact: { before: null } }],
      analysis: null,
    });
  });

  test("is null where the old items cannot be read: two plans of one product, or no period", () => {
    const two = [...BASE.items, { id: "si_2", price: ultra }];
    expect(update({ items: two })).toMatchObject({ facts: [{ fact: { image: { plan: "plus" }, before: null } }] });
    const previous = { items: { data: [{ id: "si_1", price: { id: ultra.id } }] } };
    expect(send("customer.subscription.updated", subscriptionObject(BASE, "g2"), previous)).toMatchObject({
      facts: [{ fact: { before: null } }],
    });
  });

  test("starts within one second are the same", () => {
    const changed = (seconds: number) => update({ periodStart: BASE.periodStart - seconds });
    expect(changed(1)).toMatchObject({ analysis: { hasPeriodChange: false } });
    expect(changed(2)).toMatchObject({ analysis: { hasPeriodChange: true } });
  });

  test("a paused collection that ends is seen in the hash that was", () => {
    const pauseCollection = { behavior: "void", resumes_at: null } as const;
    expect(update({ pauseCollection }, {})).toMatchObject({
      facts: [{ fact: { image: { collectionPaused: false }, before: { collectionPaused: true } } }],
    });
  });
});
