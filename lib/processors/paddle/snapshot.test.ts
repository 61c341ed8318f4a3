import { describe, expect, test } from "vitest";
import {
  event,
  planPrice,
  type SubscriptionSpec,
  subscriptionEntity,
} from "@/lib/sandbox/event-builders/paddle/events";
import { type Changes, normalized, withChanges } from "@/tests/support/normalized-paddle";

const AT = Date.UTC(2026, 2, 1, 10);
const price = planPrice({ product: "mail", plan: "silver", interval: "monthly" });
const titanium = planPrice({ product: "mail", plan: "titanium", interval: "monthly" });
const seats = { ...price, id: "pri_seats" };

const BASE: SubscriptionSpec = {
  id: "sub_1",
  customer: "ctm_1",
  items: [{ price }],
  createdAt: AT,
  updatedAt: AT,
  period: { start: AT, end: AT + 2_678_400_000 },
};

function resultOf(spec: Partial<SubscriptionSpec>, changes: Changes = {}, type = "subscription.updated") {
  const data = withChanges(subscriptionEntity({ ...BASE, ...spec }), changes);
  return normalized(event(type, data, { id: "evt_1", at: AT + 5000 }));
}

describe("the snapshot's instant", () => {
  test("is `updated_at` in any notation, else the event's instant", () => {
    for (const updated_at of ["2026-03-01T10:00:01.5Z", "2026-03-01T10:00:01.5009Z", "2026-03-01T11:00:01.500+01:00"]) {
      expect(resultOf({}, { updated_at })).toMatchObject({ facts: [{ fact: { at: AT + 1500 } }] });
    }
    for (const updated_at of [null, undefined]) {
      expect(resultOf({}, { updated_at })).toMatchObject({ facts: [{ fact: { at: AT + 5000 } }] });
    }
  });
});

describe("an unreadable field is quarantined, with its path:", () => {
  test.each([
    [{ status: undefined }, "missing_field:data.status"],
    [{ status: "dormant" }, "unknown_status"],
    [{ id: 7 }, "missing_field:data.id"],
    [{ updated_at: "today" }, "missing_field:data.updated_at"],
    [{ items: null }, "missing_field:data.items"],
    [{ "items.0.quantity": -1 }, "missing_field:data.items.0.quantity"],
    [{ "items.0.price": { id: "" } }, "missing_field:data.items.0.price.id"],
    [{ current_billing_period: null }, "missing_field:data.current_billing_period"],
    [{ "current_billing_period.ends_at": "later" }, "missing_field:data.current_billing_period.ends_at"],
    [{ "current_billing_period.ends_at": "2026-03-01T10:00:00Z" }, "invalid_period"],
    [{ scheduled_change: { action: "cancel" } }, "missing_field:data.scheduled_change.effective_at"],
  ])("%j", (changes, reason) => {
    expect(resultOf({}, changes)).toMatchObject({ outcome: "quarantined", reason, identity: { customer: "ctm_1" } });
  });
});

test("the plan and the quantity come from the plan's item, at any place", () => {
  const items = [
    { price: seats, quantity: 9 },
    { price, quantity: 2 },
  ];
  expect(resultOf({ items })).toMatchObject({ facts: [{ fact: { state: { plan: "silver", quantity: 2 } } }] });
});

test("the higher of two plans of one product counts, and is flagged", () => {
  for (const items of [
    [{ price }, { price: titanium }],
    [{ price: titanium }, { price }],
  ]) {
    expect(resultOf({ items })).toMatchObject({
      facts: [{ fact: { state: { plan: "titanium", twoPlanItems: true } } }],
    });
  }
  expect(resultOf({})).not.toHaveProperty("facts.0.fact.state.twoPlanItems");
});

test("the list is complete and names the items without a listed price, with the subscription's period", () => {
  const period = { periodStart: AT, periodEnd: AT + 2_678_400_000 };
  const own = { id: null, product: "pro_mail_silver", price: "pri_seats", interval: "monthly", quantity: 4, ...period };
  expect(resultOf({ items: [{ price: seats, quantity: 4 }] })).toMatchObject({
    outcome: "unpriced",
    fact: { state: { plan: null, periodStart: null }, list: { complete: true, plans: 0, unlisted: [own] } },
  });
  expect(resultOf({ items: [{ price }, { price: seats }] })).toMatchObject({
    facts: [{ fact: { list: { complete: true, plans: 1, unlisted: [{ quantity: 1 }] } } }],
  });
  for (const [billing_cycle, interval] of [
    [{ interval: "year", frequency: 1 }, "yearly"],
    [{ interval: "month", frequency: 12 }, "yearly"],
    [{ interval: "month", frequency: 3 }, null],
    [{ interval: "day", frequency: 1 }, null],
    [{ interval: "week", frequency: 12 }, null],
    [null, null],
  ]) {
    expect(resultOf({ items: [{ price: seats }] }, { "items.0.price.billing_cycle": billing_cycle })).toMatchObject({
      fact: { list: { unlisted: [{ interval }] } },
    });
  }
  const paused = resultOf({ items: [{ price: seats }], status: "paused", period: null });
  expect(paused).toMatchObject({ fact: { list: { unlisted: [{ periodStart: null, periodEnd: null }] } } });
  expect(resultOf({ items: [{ price: seats }] }, { "items.0.price": null })).toMatchObject({
    fact: { list: { plans: 0, unlisted: [{ product: null, price: null, interval: null }] } },
  });
  // An empty list does not end a plan.
  expect(resultOf({ items: [] })).toMatchObject({ outcome: "unpriced", fact: { list: { complete: false } } });
});

test("each product has its own highest plan", () => {
  const solo = planPrice({ product: "depot", plan: "solo", interval: "monthly" });
  for (const items of [
    [{ price: solo }, { price }, { price: titanium }],
    [{ price: titanium }, { price: solo }, { price }],
  ]) {
    const result = resultOf({ items });
    if (result.outcome !== "facts") throw new Error(result.outcome);
    const plans = result.facts.map(({ product, fact }) => [product, fact.kind === "snapshot" && fact.state.plan]);
    expect(plans.sort()).toEqual([
      ["depot", "solo"],
      ["mail", "titanium"],
    ]);
  }
});

test("the first of two items of one plan counts", () => {
  const items = [
    { price, quantity: 2 },
    { price, quantity: 5 },
  ];
  expect(resultOf({ items })).toMatchObject({ facts: [{ fact: { state: { plan: "silver", quantity: 2 } } }] });
});

test("a trial counts as started by the customer, except with sent invoices or after an import", () => {
  expect(resultOf({})).toMatchObject({ facts: [{ fact: { state: { selfStarted: true } } }] });
  const invoiced = resultOf({ collectionMode: "manual" });
  expect(invoiced).toMatchObject({ facts: [{ fact: { state: { sentInvoice: true } } }] });
  expect(invoiced).not.toHaveProperty("facts.0.fact.state.selfStarted");
  expect(resultOf({}, { import_meta: { imported_from: "x" } })).not.toHaveProperty("facts.0.fact.state.selfStarted");
});

test("a canceled status ends the subscription in every event type, also without a period", () => {
  for (const type of ["subscription.canceled", "subscription.updated", "subscription.created"]) {
    expect(resultOf({ status: "canceled", period: null }, {}, type)).toMatchObject({
      facts: [{ fact: { changeType: "deleted", state: { status: "canceled", periodStart: null } } }],
    });
  }
  expect(resultOf({ status: "canceled", period: null, items: [{ price: seats }] })).toMatchObject({
    outcome: "unpriced",
    fact: { changeType: "deleted", state: { status: "canceled" } },
  });
});

test("a scheduled cancellation sets the end; a scheduled pause or resumption changes nothing", () => {
  const at = (action: "cancel" | "pause" | "resume", status: SubscriptionSpec["status"] = "active") => {
    const result = resultOf({ status, scheduledChange: { action, effectiveAt: AT + 86_400_000 } });
    return result.outcome === "facts" && result.facts[0]?.fact.kind === "snapshot"
      ? result.facts[0].fact.state.cancelAt
      : undefined;
  };
  expect(at("cancel")).toBe(AT + 86_400_000);
  expect(at("pause")).toBeNull();
  expect(at("resume")).toBeNull();
  expect(at("cancel", "canceled")).toBeNull();
});
