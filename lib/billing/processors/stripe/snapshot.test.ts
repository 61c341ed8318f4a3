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
    if (result.outcome !== "facts") throw new Error(result.outcome);
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

  test("has no before-image where its item was another product's, which is paused by that", () => {
    const result = facts({ items: [{ id: "si_1", price: starter }] });
    expect(result.facts).toMatchObject([
      { product: "writer", fact: { image: { plan: "plus", status: "active" }, before: null } },
      { product: "chatbots", fact: { image: { plan: "starter", status: "paused" }, before: { plan: "starter" } } },
    ]);
    expect(result.analysis).toEqual({ hasPeriodChange: false, hasPlanChange: false });
  });

  test("keeps a before-image without a plan where its old price is not known", () => {
    const result = facts({ items: [{ id: "si_1", price: seats }] });
    expect(result.facts).toMatchObject([{ fact: { before: { plan: null, interval: null, status: "active" } } }]);
  });

  test("of a price that only the old field names is found too", () => {
    expect(update({}, {}, { "items.data.0.price": undefined }, shape)).toEqual(update({}, {}, {}, shape));
    const none = { "items.data.0.price": undefined, "items.data.0.plan": undefined };
    expect(update({}, {}, none, shape)).toMatchObject({ outcome: "unpriced" });
  });

  test("whose old price is not known is found by its id among several", () => {
    const other = { ...seats, id: "price_other" };
    const items = [
      { id: "si_0", price: seats, quantity: 5 },
      { id: "si_1", price: other, quantity: 9 },
    ];
    expect(facts({ items }).facts).toMatchObject([{ fact: { before: { plan: null, quantity: 9 } } }]);
    expect(facts({ items: [{ id: "si_0", price: seats }] }).facts).toMatchObject([{ fact: { before: null } }]);
  });

  test("of one product may change and the other's stay", () => {
    const items = [...BASE.items, { id: "si_2", price: starter }];
    const changed = [
      { id: "si_1", price: ultra },
      { id: "si_2", price: starter },
    ];
    expect(facts({ items }, { items: changed }).analysis).toEqual({ hasPeriodChange: false, hasPlanChange: true });
  });

  test("two of one product is quarantined", () => {
    const two = [...BASE.items, { id: "si_2", price: ultra }];
    expect(update({}, { items: two }, {}, shape)).toEqual({
      outcome: "quarantined",
      reason: "ambiguous_plan_items",
      identity: { customer: "cus_1", subscription: "sub_1", trustedUserId: null },
    });
  });
});

describe.each(SHAPES)("without a price of ours, in shape %s", (shape) => {
  const unknown = [{ id: "si_1", price: seats, quantity: 4 }];
  const unpriced = (to: Partial<SubscriptionSpec>) => update({}, { items: unknown, ...to }, {}, shape);

  test("what is said of status, period, flags and debts is kept for a subscription that is known", () => {
    expect(unpriced({ status: "past_due", pauseCollection: { behavior: "void", resumes_at: null } })).toEqual({
      outcome: "unpriced",
      identity: { customer: "cus_1", subscription: "sub_1", trustedUserId: null },
      analysis: null,
      fact: {
        kind: "snapshot",
        id: "stripe:evt_1:snapshot",
        processor: "stripe",
        subscription: "sub_1",
        at: 2_000_000_000,
        life: "updated",
        image: {
          plan: null,
          interval: null,
          quantity: 4,
          status: "past_due",
          periodStart: 1_000_000_000,
          periodEnd: 3_600_000_000,
          cancelAt: null,
          trialEnd: null,
          collectionPaused: true,
        },
        before: null,
      },
    });
  });

  test("so are its end and the end that was ordered", () => {
    expect(unpriced({ cancelAtPeriodEnd: true })).toMatchObject({ fact: { image: { cancelAt: 3_600_000_000 } } });
    const object = subscriptionObject({ ...BASE, items: unknown }, shape);
    expect(send("customer.subscription.deleted", object, undefined, shape)).toMatchObject({
      outcome: "unpriced",
      fact: { life: "deleted", image: { status: "canceled" } },
    });
    expect(send("customer.subscription.created", object, undefined, shape)).toMatchObject({
      outcome: "unpriced",
      fact: { life: "created", image: { status: "active", plan: null } },
    });
  });

  test("an unknown status, or no item at all, is quarantined", () => {
    const of = (changes: Changes) => update({}, { items: unknown }, changes, shape);
    expect(of({ status: "on_hold" })).toMatchObject({ outcome: "quarantined", reason: "unknown_status" });
    const created = withChanges(subscriptionObject(BASE, shape), { "items.data": [] });
    expect(send("customer.subscription.created", created, undefined, shape)).toMatchObject({
      outcome: "quarantined",
      reason: "unknown_price",
    });
  });
});

describe.each(SHAPES)("an item that was taken out, in shape %s", (shape) => {
  const starterItem = { id: "si_2", price: starter, quantity: 3 };
  const seatsItem = { id: "si_seats", price: seats };
  const products = (from: SubscriptionSpec["items"], to: SubscriptionSpec["items"], changes: Changes = {}) => {
    const result = update({ items: from }, { items: to }, changes, shape);
    return result.outcome === "facts"
      ? result.facts.map(({ product, fact }) => [product, fact.kind === "snapshot" && fact.image.status])
      : result.outcome;
  };

  test("leaves its product paused, as it was", () => {
    const result = update({ items: [...BASE.items, starterItem] }, {}, {}, shape);
    const before = {
      plan: "starter",
      interval: "monthly",
      quantity: 3,
      status: "active",
      periodStart: 1_000_000_000,
      periodEnd: 3_600_000_000,
      cancelAt: null,
      trialEnd: null,
      collectionPaused: false,
    };
    expect(result).toMatchObject({
      facts: [
        { product: "writer", fact: { image: { plan: "plus", status: "active" } } },
        { product: "chatbots", fact: { id: "stripe:evt_1:snapshot", image: { ...before, status: "paused" }, before } },
      ],
    });
  });

  test("was what the subscription was before; what that was it may still be", () => {
    const [from, to] = [{ items: [...BASE.items, starterItem], status: "past_due" as const }, {}];
    expect(update(from, to, {}, shape)).toMatchObject({ facts: [{}, { fact: { before: { status: "past_due" } } }] });
    const object = subscriptionObject(BASE, shape);
    const { items } = diff(subscriptionObject({ ...BASE, ...from }, shape), object);
    expect(send("customer.subscription.updated", object, { items, status: "on_hold" }, shape)).toMatchObject({
      facts: [{ fact: { before: null } }, { fact: { before: { status: "active" } } }],
    });
  });

  test("with an end in the same news its product ends too", () => {
    const result = update({ items: [...BASE.items, starterItem] }, { status: "canceled" }, {}, shape);
    expect(result).toMatchObject({ facts: [{}, { product: "chatbots", fact: { image: { status: "canceled" } } }] });
  });

  test("an add-on that stays beside it, or is all that stays, is not its successor", () => {
    expect(products([...BASE.items, starterItem, seatsItem], [...BASE.items, seatsItem])).toEqual([
      ["writer", "active"],
      ["chatbots", "paused"],
    ]);
    expect(products([...BASE.items, seatsItem], [seatsItem])).toEqual([["writer", "paused"]]);
  });

  test("an item that has come, or has changed, with a price that is not ours may be the same one", () => {
    expect(products([...BASE.items, starterItem], [...BASE.items, { ...starterItem, price: seats }])).toEqual([
      ["writer", "active"],
    ]);
    expect(products([...BASE.items, starterItem], [...BASE.items, seatsItem])).toEqual([["writer", "active"]]);
    const other = { ...seatsItem, price: { ...seats, id: "price_other" } };
    expect(products([...BASE.items, starterItem, seatsItem], [...BASE.items, other])).toEqual([["writer", "active"]]);
  });

  test("whose period cannot be read leaves nothing", () => {
    const previous = {
      items: { data: [{ id: "si_2", price: { id: starter.id }, current_period_start: 5, current_period_end: 5 }] },
    };
    const object = subscriptionObject(BASE, shape);
    expect(send("customer.subscription.updated", object, previous, shape)).toMatchObject({
      facts: [{ product: "writer" }],
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

  test("the end counts also with two plans of one product, or with a period that makes no sense", () => {
    const items = [...BASE.items, { id: "si_2", price: ultra }];
    const end = (spec: Partial<SubscriptionSpec>) =>
      send("customer.subscription.deleted", subscriptionObject({ ...BASE, ...spec }, "g2"));
    expect(end({ items })).toMatchObject({
      outcome: "facts",
      facts: [{ product: "writer", fact: { life: "deleted", image: { status: "canceled", plan: "plus" } } }],
    });
    expect(end({ items })).toHaveProperty("facts.length", 1);
    expect(end({ periodEnd: BASE.periodStart })).toMatchObject({
      facts: [{ fact: { image: { status: "canceled" } } }],
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
    ["items.data.0.quantity", { "items.data.0.quantity": -1 }],
    ["items.data.0.quantity", { "items.data.0.quantity": 2 ** 31 }],
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

  test("is null where the old period ends before it starts", () => {
    expect(update({ periodEnd: BASE.periodStart })).toMatchObject({ facts: [{ fact: { before: null } }] });
    expect(update({ periodEnd: BASE.periodStart - 1 })).toMatchObject({ facts: [{ fact: { before: null } }] });
    expect(update({ periodEnd: BASE.periodStart + 1 })).toMatchObject({
      facts: [{ fact: { before: { periodEnd: 1_000_001_000 } } }],
    });
  });

  test("a new period of one item alone is a new period", () => {
    const items = [...BASE.items, { id: "si_2", price: starter }];
    const later = { "items.data.0.current_period_start": BASE.periodStart + 10 };
    expect(
      update({ items }, { items: [{ id: "si_1", price: plus, quantity: 2 }, ...items.slice(1)] }, later),
    ).toMatchObject({
      analysis: { hasPeriodChange: true, hasPlanChange: false },
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
