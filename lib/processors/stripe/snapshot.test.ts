import { describe, expect, test } from "vitest";
import { STATUSES } from "@/lib/billing/types";
import {
  diff,
  event,
  planPrice,
  type Shape,
  type StripeObject,
  type SubscriptionSpec,
  subscriptionObject,
} from "@/lib/sandbox/event-builders/stripe/events";
import { type Changes, normalized, withChanges } from "@/tests/support/normalized-stripe";

const silver = planPrice({ product: "mail", plan: "silver", interval: "monthly" });
const titanium = planPrice({ product: "mail", plan: "titanium", interval: "monthly" });
const solo = planPrice({ product: "depot", plan: "solo", interval: "monthly" });
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

describe("the status", () => {
  test.each(STATUSES)("%s is kept, in the state and in the previous state", (status) => {
    expect(update({ status }, { status })).toMatchObject({
      facts: [{ fact: { state: { status }, previous: { status } } }],
    });
  });

  test("is quarantined if it is unknown; an unknown old status leaves no previous state", () => {
    expect(update({}, {}, { status: "on_hold" })).toMatchObject({ reason: "unknown_status" });
    const object = subscriptionObject(BASE, "basil");
    expect(send("customer.subscription.updated", object, { status: "on_hold" })).toMatchObject({
      facts: [{ fact: { previous: null } }],
    });
  });

  test("is canceled at an end, also with two plans of one product or an invalid period", () => {
    const items = [...BASE.items, { id: "si_2", price: titanium }];
    const end = (spec: Partial<SubscriptionSpec>) =>
      send("customer.subscription.deleted", subscriptionObject({ ...BASE, ...spec }, "basil"));
    expect(end({ items })).toMatchObject({
      outcome: "facts",
      facts: [{ product: "mail", fact: { changeType: "deleted", state: { status: "canceled", plan: "titanium" } } }],
    });
    expect(end({ items })).toHaveProperty("facts.length", 1);
    expect(end({ periodEnd: BASE.periodStart })).toMatchObject({
      facts: [{ fact: { state: { status: "canceled" } } }],
    });
  });

  test("is canceled in a deletion event, independent of the status and of missing fields", () => {
    const whole = subscriptionObject({ ...BASE, cancelAtPeriodEnd: true }, "pre_basil");
    const object = withChanges(whole, { current_period_start: undefined, current_period_end: undefined });
    expect(send("customer.subscription.deleted", object)).toMatchObject({
      facts: [{ fact: { changeType: "deleted", state: { status: "canceled", periodStart: null, cancelAt: null } } }],
    });
  });
});

describe("an event", () => {
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
  ])("without a readable %s is quarantined", (path, changes) => {
    const reason = `missing_field:data.object.${path}`;
    expect(update({}, {}, changes)).toMatchObject({ outcome: "quarantined", reason });
  });

  test("with a period that ends before it starts is quarantined", () => {
    expect(update({}, { periodEnd: BASE.periodStart })).toMatchObject({ reason: "invalid_period" });
  });

  test("gives the item's own period before the subscription's, since items can differ", () => {
    const result = update({}, {}, { current_period_start: 1, current_period_end: 2 }, "legacy");
    expect(result).toMatchObject({
      facts: [{ fact: { state: { periodStart: 1_000_000_000, periodEnd: 3_600_000_000 } } }],
    });
  });

  test("gives the same fact for absent and null fields", () => {
    const keys = ["cancel_at", "cancel_at_period_end", "trial_end", "pause_collection"];
    const absent = Object.fromEntries(keys.map((key) => [key, undefined]));
    expect(update({}, {}, absent)).toEqual(update({}, {}));
    const previous = { cancel_at: null, pause_collection: null };
    expect(send("customer.subscription.updated", subscriptionObject(BASE, "basil"), previous)).toEqual(update({}, {}));
  });

  test("ends at cancel_at, else at the period's end with cancel_at_period_end", () => {
    const at = (changes: Changes) => {
      const result = update({}, { cancelAtPeriodEnd: true }, changes);
      return result.outcome === "facts" && result.facts[0]?.fact.kind === "snapshot"
        ? [result.facts[0].fact.state.cancelAt, result.facts[0].fact.previous?.cancelAt]
        : null;
    };
    expect(at({})).toEqual([3_600_000_000, null]);
    expect(at({ cancel_at: 3_000_000 })).toEqual([3_000_000_000, null]);
    expect(at({ cancel_at: null })).toEqual([3_600_000_000, null]);
  });

  test("can have expanded objects, and its metadata names the user", () => {
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

describe("the previous state", () => {
  test("is null if the event does not state it", () => {
    const object = subscriptionObject(BASE, "basil");
    expect(send("customer.subscription.updated", object)).toMatchObject({
      facts: [{ fact: { previous: null } }],
      analysis: { hasPeriodChange: false, hasPlanChange: false },
    });
    expect(send("customer.subscription.created", object, { status: "incomplete" })).toMatchObject({
      facts: [{ fact: { previous: null } }],
      analysis: null,
    });
  });

  test("is null if the old item has no period", () => {
    const previous = { items: { data: [{ id: "si_1", price: { id: titanium.id } }] } };
    expect(send("customer.subscription.updated", subscriptionObject(BASE, "basil"), previous)).toMatchObject({
      facts: [{ fact: { previous: null } }],
    });
  });

  test("is null if the old period ends before it starts", () => {
    expect(update({ periodEnd: BASE.periodStart })).toMatchObject({ facts: [{ fact: { previous: null } }] });
    expect(update({ periodEnd: BASE.periodStart - 1 })).toMatchObject({ facts: [{ fact: { previous: null } }] });
    expect(update({ periodEnd: BASE.periodStart + 1 })).toMatchObject({
      facts: [{ fact: { previous: { periodEnd: 1_000_001_000 } } }],
    });
  });

  test("differs by a period change if one item has a new period", () => {
    const items = [...BASE.items, { id: "si_2", price: solo }];
    const later = { "items.data.0.current_period_start": BASE.periodStart + 10 };
    expect(
      update({ items }, { items: [{ id: "si_1", price: silver, quantity: 2 }, ...items.slice(1)] }, later),
    ).toMatchObject({
      analysis: { hasPeriodChange: true, hasPlanChange: false },
    });
  });

  test("has the same period if the starts differ by a second", () => {
    const changed = (seconds: number) => update({ periodStart: BASE.periodStart - seconds });
    expect(changed(1)).toMatchObject({ analysis: { hasPeriodChange: false } });
    expect(changed(2)).toMatchObject({ analysis: { hasPeriodChange: true } });
  });

  test("has the paused collection from the old hash", () => {
    const pauseCollection = { behavior: "void", resumes_at: null } as const;
    expect(update({ pauseCollection }, {})).toMatchObject({
      facts: [{ fact: { state: { collectionPaused: false }, previous: { collectionPaused: true } } }],
    });
  });

  test.each(["keep_as_draft", "mark_uncollectible"] as const)(
    "a pause of the collection by %s waives the charge",
    (behavior) => {
      const paused = update({}, { pauseCollection: { behavior, resumes_at: null } });
      expect(paused).toMatchObject({
        facts: [{ fact: { state: { collectionPaused: false, collectionWaived: true }, previous: { plan: "silver" } } }],
      });
      const odd = update(
        {},
        { pauseCollection: { behavior, resumes_at: null } },
        { "pause_collection.behavior": "new" },
      );
      expect(odd).toMatchObject({ facts: [{ fact: { state: { collectionPaused: true } } }] });
    },
  );

  test("a trial from our checkout and sent invoices set their flags", () => {
    const metadata = { user_id: "u", trial_source: "checkout" };
    expect(update({}, { metadata, collectionMethod: "send_invoice" })).toMatchObject({
      facts: [{ fact: { state: { selfStarted: true, sentInvoice: true } } }],
    });
    expect(update({}, { metadata: { trial_source: "sales" } })).not.toHaveProperty("facts.0.fact.state.selfStarted");
  });
});
