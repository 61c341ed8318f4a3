import { describe, expect, test } from "vitest";
import { STATUSES } from "@/lib/billing/types";
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

  test("has no before-image where its item was another product's, which is out of the list", () => {
    const result = facts({ items: [{ id: "si_1", price: starter }] });
    expect(result.facts).toMatchObject([
      { product: "writer", fact: { image: { plan: "plus", status: "active" }, before: null } },
      { product: "chatbots", fact: { image: { plan: null, status: "active" }, before: { plan: "starter" } } },
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

  test("of two the higher counts, flagged, wherever they stand", () => {
    const [low, high] = [
      { id: "si_1", price: plus },
      { id: "si_2", price: ultra, quantity: 3 },
    ] as const;
    for (const items of [
      [low, high],
      [high, low],
    ]) {
      expect(facts({}, { items }).facts).toMatchObject([
        { fact: { image: { plan: "ultra", quantity: 3, twoPlanItems: true, item: { id: "si_2" } } } },
      ]);
      expect(facts({ items }, {}).facts).toMatchObject([
        { fact: { image: { plan: "plus" }, before: { plan: "ultra" } } },
      ]);
    }
    const yearly = planPrice({ product: "writer", plan: "plus", interval: "yearly" });
    expect(facts({}, { items: [low, { id: "si_2", price: yearly }] }).facts).toMatchObject([
      { fact: { image: { interval: "yearly" } } },
    ]);
    expect(facts({}, {}).facts[0]?.fact).not.toHaveProperty("image.twoPlanItems");
  });
});

describe.each(SHAPES)("without a listed price, in shape %s", (shape) => {
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
    product: "prod_writer_plus",
    price: "price_seats",
    interval: "monthly",
    quantity: 4,
    periodStart: 1_000_000_000,
    periodEnd: 3_600_000_000,
  };

  test("status, flags, debts and the items are kept for a subscription that is known", () => {
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
        life: "created",
        list: { complete: true, plans: 0, unlisted: [own] },
        discounts: [],
        image: {
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
        before: null,
      },
    });
  });

  test.each([
    ["month", 1, "monthly"],
    ["month", 12, "yearly"],
    ["month", 3, null],
    ["year", 1, "yearly"],
    ["week", 1, null],
  ])("an item that recurs every %s × %s", (interval, count, expected) => {
    const changes = {
      "items.data.0.price.recurring": { interval, interval_count: count },
      "items.data.0.plan": undefined,
    };
    expect(created({}, changes)).toMatchObject({ fact: { list: { unlisted: [{ interval: expected }] } } });
  });

  test("an item whose period cannot be read has none", () => {
    expect(created({ periodEnd: BASE.periodStart })).toMatchObject({
      fact: { list: { unlisted: [{ periodStart: null, periodEnd: null }] } },
    });
  });

  test("so are its end and the end that was ordered", () => {
    expect(created({ cancelAtPeriodEnd: true })).toMatchObject({ fact: { image: { cancelAt: 3_600_000_000 } } });
    const object = subscriptionObject({ ...BASE, items: unknown }, shape);
    expect(send("customer.subscription.deleted", object, undefined, shape)).toMatchObject({
      outcome: "unpriced",
      fact: { life: "deleted", image: { status: "canceled" } },
    });
  });

  test("an unknown status is quarantined; an empty list says nothing about plans", () => {
    expect(created({}, { status: "on_hold" })).toMatchObject({ outcome: "quarantined", reason: "unknown_status" });
    expect(created({}, { "items.data": [] })).toMatchObject({
      outcome: "unpriced",
      fact: { list: { complete: false, unlisted: [] }, image: { plan: null } },
    });
  });

  test("a truncated list is not complete", () => {
    expect(created({ moreItems: true })).toMatchObject({ fact: { list: { complete: false, plans: 0 } } });
    expect(created({ items: BASE.items, moreItems: true })).toMatchObject({
      facts: [{ fact: { list: { complete: false, plans: 1, unlisted: [] }, image: { plan: "plus" } } }],
    });
  });
});

describe.each(SHAPES)("an item that was taken out, in shape %s", (shape) => {
  const starterItem = { id: "si_2", price: starter, quantity: 3 };
  const seatsItem = { id: "si_seats", price: seats };
  /** For each product the plan in its image and before, and the ids of unlisted items. */
  const products = (from: SubscriptionSpec["items"], to: SubscriptionSpec["items"]) => {
    const result = update({ items: from }, { items: to }, {}, shape);
    if (result.outcome !== "facts") throw new Error(result.outcome);
    return result.facts.map(({ product, fact }) => {
      if (fact.kind !== "snapshot") throw new Error(fact.kind);
      return [product, fact.image.plan, fact.before?.plan, fact.list?.unlisted.map(({ id }) => id)];
    });
  };

  test("leaves its product without a plan, and with the image before", () => {
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
      item: { id: "si_2", product: "prod_chatbots_starter", price: starter.id },
    };
    expect(result).toMatchObject({
      facts: [
        { product: "writer", fact: { image: { plan: "plus", status: "active" } } },
        {
          product: "chatbots",
          fact: { id: "stripe:evt_1:snapshot", image: { plan: null, item: null, status: "active" }, before },
        },
      ],
    });
  });

  test("without a listed price before and after, the image before holds the status and the flags", () => {
    const change = (status: string, previous: object = {}) => {
      const object = subscriptionObject({ ...BASE, items: [seatsItem], status: "active" }, shape);
      return send("customer.subscription.updated", object, { status, ...previous }, shape);
    };
    expect(change("past_due", { cancel_at: 2_000_000 })).toMatchObject({
      outcome: "unpriced",
      fact: { image: { status: "active" }, before: { plan: null, item: null, periodStart: null, status: "past_due" } },
    });
    expect(change("past_due", { cancel_at: 2_000_000 })).toMatchObject({ fact: { before: { cancelAt: 2e9 } } });
    expect(change("on_hold")).toMatchObject({ outcome: "unpriced", fact: { before: null } });
  });

  test("has no image before if the old status cannot be read", () => {
    const [from, to] = [{ items: [...BASE.items, starterItem], status: "past_due" as const }, {}];
    expect(update(from, to, {}, shape)).toMatchObject({ facts: [{}, { fact: { before: { status: "past_due" } } }] });
    const object = subscriptionObject(BASE, shape);
    const { items } = diff(subscriptionObject({ ...BASE, ...from }, shape), object);
    expect(send("customer.subscription.updated", object, { items, status: "on_hold" }, shape)).toMatchObject({
      facts: [{ fact: { before: null } }, { fact: { before: null } }],
    });
  });

  test("with an end in the same event its product ends too", () => {
    const result = update({ items: [...BASE.items, starterItem] }, { status: "canceled" }, {}, shape);
    expect(result).toMatchObject({ facts: [{}, { product: "chatbots", fact: { image: { status: "canceled" } } }] });
  });

  test("unlisted items stay in the list, so that the fold can tell a successor from an add-on", () => {
    expect(products([...BASE.items, starterItem, seatsItem], [...BASE.items, seatsItem])).toEqual([
      ["writer", "plus", "plus", ["si_seats"]],
      ["chatbots", null, "starter", ["si_seats"]],
    ]);
    expect(products([...BASE.items, seatsItem], [seatsItem])).toEqual([["writer", null, "plus", ["si_seats"]]]);
    expect(products([...BASE.items, starterItem], [...BASE.items, { ...starterItem, price: seats }])).toEqual([
      ["writer", "plus", "plus", ["si_2"]],
      ["chatbots", null, "starter", ["si_2"]],
    ]);
  });

  test("whose period cannot be read leaves no image before", () => {
    const previous = {
      items: { data: [{ id: "si_2", price: { id: starter.id }, current_period_start: 5, current_period_end: 5 }] },
    };
    const object = subscriptionObject(BASE, shape);
    expect(send("customer.subscription.updated", object, previous, shape)).toMatchObject({
      facts: [{ product: "writer" }, { product: "chatbots", fact: { image: { plan: null }, before: null } }],
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
    const object = subscriptionObject(BASE, "basil");
    expect(send("customer.subscription.updated", object, { status: "on_hold" })).toMatchObject({
      facts: [{ fact: { before: null } }],
    });
  });

  test("the end counts also with two plans of one product, or with a period that makes no sense", () => {
    const items = [...BASE.items, { id: "si_2", price: ultra }];
    const end = (spec: Partial<SubscriptionSpec>) =>
      send("customer.subscription.deleted", subscriptionObject({ ...BASE, ...spec }, "basil"));
    expect(end({ items })).toMatchObject({
      outcome: "facts",
      facts: [{ product: "writer", fact: { life: "deleted", image: { status: "canceled", plan: "ultra" } } }],
    });
    expect(end({ items })).toHaveProperty("facts.length", 1);
    expect(end({ periodEnd: BASE.periodStart })).toMatchObject({
      facts: [{ fact: { image: { status: "canceled" } } }],
    });
  });

  test("a deleted subscription is canceled, whatever it says and whatever is missing", () => {
    const whole = subscriptionObject({ ...BASE, cancelAtPeriodEnd: true }, "pre_basil");
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
    const result = update({}, {}, { current_period_start: 1, current_period_end: 2 }, "legacy");
    expect(result).toMatchObject({
      facts: [{ fact: { image: { periodStart: 1_000_000_000, periodEnd: 3_600_000_000 } } }],
    });
  });

  test("absent and null are the same", () => {
    const keys = ["cancel_at", "cancel_at_period_end", "trial_end", "pause_collection"];
    const absent = Object.fromEntries(keys.map((key) => [key, undefined]));
    expect(update({}, {}, absent)).toEqual(update({}, {}));
    const previous = { cancel_at: null, pause_collection: null };
    expect(send("customer.subscription.updated", subscriptionObject(BASE, "basil"), previous)).toEqual(update({}, {}));
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
    const object = subscriptionObject(BASE, "basil");
    expect(send("customer.subscription.updated", object)).toMatchObject({
      facts: [{ fact: { before: null } }],
      analysis: { hasPeriodChange: false, hasPlanChange: false },
    });
    expect(send("customer.subscription.created", object, { status: "incomplete" })).toMatchObject({
      facts: [{ fact: { before: null } }],
      analysis: null,
    });
  });

  test("is null if the old item has no period", () => {
    const previous = { items: { data: [{ id: "si_1", price: { id: ultra.id } }] } };
    expect(send("customer.subscription.updated", subscriptionObject(BASE, "basil"), previous)).toMatchObject({
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

  test.each(["keep_as_draft", "mark_uncollectible"] as const)("a collection paused by %s is waived", (behavior) => {
    const paused = update({}, { pauseCollection: { behavior, resumes_at: null } });
    expect(paused).toMatchObject({
      facts: [{ fact: { image: { collectionPaused: false, collectionWaived: true }, before: { plan: "plus" } } }],
    });
    const odd = update({}, { pauseCollection: { behavior, resumes_at: null } }, { "pause_collection.behavior": "new" });
    expect(odd).toMatchObject({ facts: [{ fact: { image: { collectionPaused: true } } }] });
  });

  test("a trial from our checkout and sent invoices are named", () => {
    const metadata = { user_id: "u", trial_source: "checkout" };
    expect(update({}, { metadata, collectionMethod: "send_invoice" })).toMatchObject({
      facts: [{ fact: { image: { selfStarted: true, sentInvoice: true } } }],
    });
    expect(update({}, { metadata: { trial_source: "sales" } })).not.toHaveProperty("facts.0.fact.image.selfStarted");
  });
});
