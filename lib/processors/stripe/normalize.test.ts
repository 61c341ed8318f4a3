import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Note, SubscriptionState } from "@/lib/billing/types";
import { SHAPES, type StripeObject } from "@/lib/sandbox/event-builders/stripe/events";
import { fixtureEvents } from "@/lib/sandbox/event-builders/stripe/fixture-events";
import { normalized } from "@/tests/support/normalized-stripe";

const MARCH = Date.UTC(2026, 2, 1, 10);
const MID_MARCH = Date.UTC(2026, 2, 16, 22);
const APRIL = Date.UTC(2026, 3, 1, 10);
const MAY = Date.UTC(2026, 4, 1, 10);
const NEXT_MARCH = Date.UTC(2027, 2, 16, 22);
const HOUR = 3_600_000;

const item = (plan: string, interval = "monthly") => ({
  id: "si_AdaWriter",
  product: `prod_writer_${plan}`,
  price: `price_writer_${plan}_${interval}`,
});
const writer = (plan: string) => ({ plan, item: item(plan) });
const plus: SubscriptionState = {
  ...writer("plus"),
  interval: "monthly",
  quantity: 1,
  status: "active",
  periodStart: MARCH,
  periodEnd: APRIL,
  cancelAt: null,
  trialEnd: null,
  collectionPaused: false,
};
const april: SubscriptionState = { ...plus, periodStart: APRIL, periodEnd: MAY };
const trial: SubscriptionState = { ...plus, status: "trialing", trialEnd: APRIL };
const paused: SubscriptionState = { ...trial, status: "paused", periodStart: APRIL, periodEnd: MAY };
const nothing = { hasPeriodChange: false, hasPlanChange: false };
const period = { hasPeriodChange: true, hasPlanChange: false };
const plan = { hasPeriodChange: false, hasPlanChange: true };

const snapshot = (
  at: number,
  image: SubscriptionState,
  before: SubscriptionState | null,
  analysis: object | null,
  life = "updated",
) => ({
  analysis,
  fact: { kind: "snapshot", at, life, image, before, list: { complete: true, plans: 1, unlisted: [] }, discounts: [] },
});
const payment = (at: number, fact: object) => ({
  analysis: null,
  fact: {
    kind: "payment",
    at,
    outcome: "paid",
    purpose: "period",
    periodStart: APRIL,
    periodEnd: MAY,
    plan: "plus",
    interval: "monthly",
    inMoney: false,
    ...fact,
  },
});
const ofMarch = { periodStart: MARCH, periodEnd: APRIL };

const EXPECTED: Record<string, { fact: object; analysis: object | null }> = {
  "customer.subscription.created": snapshot(MARCH, plus, null, null, "created"),
  "customer.subscription.created.trial": snapshot(MARCH, trial, null, null, "created"),
  "customer.subscription.created.two_products": snapshot(MARCH, plus, null, null, "created"),
  "customer.subscription.updated.renewal": snapshot(APRIL + 5000, april, plus, period),
  "customer.subscription.updated.upgrade": snapshot(MID_MARCH, { ...plus, ...writer("ultra") }, plus, plan),
  "customer.subscription.updated.plan_change_at_renewal": snapshot(
    APRIL + 5000,
    { ...april, ...writer("basic") },
    plus,
    {
      hasPeriodChange: true,
      hasPlanChange: true,
    },
  ),
  "customer.subscription.updated.interval_switch": snapshot(
    MID_MARCH,
    { ...plus, interval: "yearly", item: item("plus", "yearly"), periodStart: MID_MARCH, periodEnd: NEXT_MARCH },
    plus,
    period,
  ),
  "customer.subscription.updated.past_due": snapshot(APRIL + HOUR, { ...april, status: "past_due" }, april, nothing),
  "customer.subscription.updated.recovered": snapshot(
    APRIL + 72 * HOUR,
    april,
    { ...april, status: "past_due" },
    nothing,
  ),
  "customer.subscription.updated.cancel_at_period_end": snapshot(
    MID_MARCH,
    { ...plus, cancelAt: APRIL },
    plus,
    nothing,
  ),
  "customer.subscription.updated.collection_paused": snapshot(
    MID_MARCH,
    { ...plus, collectionPaused: true },
    plus,
    nothing,
  ),
  "customer.subscription.updated.trial_converted": snapshot(APRIL + 5000, { ...april, trialEnd: APRIL }, trial, period),
  "customer.subscription.updated.item_removed": snapshot(MID_MARCH, plus, plus, nothing),
  "customer.subscription.deleted": snapshot(MID_MARCH, { ...plus, status: "canceled" }, null, nothing, "deleted"),
  "customer.subscription.paused": snapshot(APRIL + 5000, paused, trial, period),
  "customer.subscription.resumed": snapshot(APRIL + HOUR, { ...paused, status: "active" }, paused, nothing),
  "customer.subscription.trial_will_end": snapshot(APRIL - 72 * HOUR, trial, null, nothing),
  "invoice.paid.create": payment(MARCH + 2000, { ...ofMarch, inMoney: true }),
  "invoice.paid.trial": payment(MARCH + 2000, ofMarch),
  "invoice.paid.cycle": payment(APRIL + HOUR, { inMoney: true }),
  "invoice.paid.cycle_from_balance": payment(APRIL + HOUR, {}),
  "invoice.paid.update_proration": payment(MID_MARCH + 2000, {
    purpose: "proration",
    plan: "ultra",
    periodStart: MID_MARCH,
    periodEnd: APRIL,
  }),
  "invoice.paid.interval_switch": payment(MID_MARCH + 2000, {
    purpose: "change",
    interval: "yearly",
    periodStart: MID_MARCH,
    periodEnd: NEXT_MARCH,
  }),
  "invoice.payment_succeeded": payment(APRIL + HOUR, { inMoney: true }),
  "invoice.payment_failed": payment(APRIL + HOUR, { outcome: "failed" }),
  "invoice.payment_action_required": payment(APRIL + HOUR, { outcome: "failed" }),
};

const ada = { customer: "cus_Ada", subscription: "sub_AdaWriter", trustedUserId: "user_ada" };
const note = (
  of: string,
  kind: Note["kind"],
  at: number,
  { customer = null, amount = null, detail = null, names = {} }: Partial<Note> & { names?: object },
) => ({
  outcome: "facts",
  facts: [],
  identity: { customer, subscription: null, trustedUserId: null, ...names },
  analysis: null,
  id: `stripe:${of}`,
  kind,
  at,
  customer,
  amount,
  detail,
});

/** Events that change no entitlement. */
const NOTES = {
  "charge.refunded": note("ch_AdaMarch:refund:500", "refund", MID_MARCH, { customer: "cus_Ada", amount: 500 }),
  "charge.dispute.created": note("du_AdaMarch:dispute_opened", "dispute_opened", MID_MARCH, {
    amount: 1999,
    detail: "needs_response",
    names: { charge: "ch_AdaMarch" },
  }),
  "charge.dispute.closed": note("du_AdaMarch:dispute_closed", "dispute_closed", APRIL, {
    amount: 1999,
    detail: "lost",
    names: { charge: "ch_AdaMarch" },
  }),
  "customer.deleted": note("evt_customer_deleted:note", "customer_deleted", MAY, { customer: "cus_Ada" }),
};

const DISCOUNTS = {
  "customer.discount.created": { at: MARCH, change: "set" },
  "customer.discount.updated": { at: MID_MARCH, change: "set" },
  "customer.discount.deleted": { at: MID_MARCH, change: "ended" },
};

const LINK = "checkout.session.completed";
const LINKS = [LINK, "checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed"];
const UNLISTED = "customer.subscription.updated.unknown_price";
/** The chatbots' plan in the subscription with both. */
const starter = {
  ...plus,
  plan: "starter",
  item: { id: "si_AdaChatbots", product: "prod_chatbots_starter", price: "price_chatbots_starter_monthly" },
};
/** A product without an item of a listed price. */
const without = { plan: null, interval: null, quantity: 1, periodStart: null, periodEnd: null, item: null };

test("every fixture has its expectation", () => {
  const expected = [...Object.keys(EXPECTED), ...Object.keys(NOTES), ...Object.keys(DISCOUNTS), ...LINKS, UNLISTED];
  expect(expected.toSorted()).toEqual(Object.keys(fixtureEvents("basil")).toSorted());
});

describe.each(SHAPES)("shape %s", (shape) => {
  test.each(Object.entries(EXPECTED))("%s", (name, { fact, analysis }) => {
    const result = normalized(fixtureEvents(shape)[name] ?? {});
    const id = `stripe:evt_${name.replaceAll(".", "_")}:${"kind" in fact ? fact.kind : ""}`;
    const origin = { id, processor: "stripe", subscription: "sub_AdaWriter" };
    const list = {
      list: { complete: true, plans: name.endsWith("two_products") ? 2 : 1, unlisted: [] },
      discounts: [],
    };
    const said = { ...origin, ...fact, ...("kind" in fact && fact.kind === "snapshot" && list) };
    const facts = [{ product: "writer", fact: said }];
    if (name.endsWith("two_products")) facts.push({ product: "chatbots", fact: { ...said, ...{ image: starter } } });
    if (name.endsWith("item_removed")) {
      facts.push({ product: "chatbots", fact: { ...said, ...{ before: starter, image: { ...starter, ...without } } } });
    }
    expect(result).toEqual({ outcome: "facts", facts, identity: ada, analysis });
  });

  test.each(Object.entries(NOTES))("%s is noted", (name, { id, kind, at, customer, amount, detail, ...rest }) => {
    const currency = "usd";
    expect(normalized(fixtureEvents(shape)[name] ?? {})).toEqual({
      ...rest,
      notes: [{ id, kind, at, customer, amount, currency, detail }],
    });
  });

  test.each(Object.entries(DISCOUNTS))("%s names a discount of the subscription", (name, said) => {
    expect(normalized(fixtureEvents(shape)[name] ?? {})).toEqual({
      outcome: "unpriced",
      identity: { ...ada, trustedUserId: null },
      analysis: null,
      fact: {
        kind: "discount",
        id: `stripe:evt_${name.replaceAll(".", "_")}:discount`,
        processor: "stripe",
        subscription: "sub_AdaWriter",
        ...said,
        discount: { key: "di_Ada", terms: null, endsAt: NEXT_MARCH },
      },
    });
  });

  test.each(LINKS)("%s says whose customer and subscription these are, and nothing else", (name) => {
    expect(normalized(fixtureEvents(shape)[name] ?? {})).toEqual({
      outcome: "facts",
      facts: [],
      identity: ada,
      analysis: null,
    });
  });

  test("a plan at an unlisted price leaves the plan out, and its item in the list", () => {
    const own = { ...item("ultra"), price: "price_unlisted", interval: "monthly", quantity: 1, ...ofMarch };
    expect(normalized(fixtureEvents(shape)[UNLISTED] ?? {})).toEqual({
      outcome: "facts",
      facts: [
        {
          product: "writer",
          fact: {
            kind: "snapshot",
            id: "stripe:evt_customer_subscription_updated_unknown_price:snapshot",
            processor: "stripe",
            subscription: "sub_AdaWriter",
            at: MID_MARCH,
            life: "updated",
            image: { ...plus, ...without },
            before: plus,
            list: { complete: true, plans: 0, unlisted: [own] },
            discounts: [],
          },
        },
      ],
      identity: ada,
      analysis: nothing,
    });
  });
});

test("the three shapes of one event say the same", () => {
  const [pre_basil, legacy, basil] = SHAPES.map((shape) => Object.values(fixtureEvents(shape)).map(normalized));
  expect(legacy).toEqual(pre_basil);
  expect(basil).toEqual(pre_basil);
});

describe("a renewal since basil", () => {
  test.each(["legacy", "basil"] as const)(
    "is no plan change although previous_attributes names items (%s)",
    (shape) => {
      const event = fixtureEvents(shape)["customer.subscription.updated.renewal"] ?? {};
      expect(event).toHaveProperty("data.previous_attributes.items");
      expect(normalized(event)).toMatchObject({ analysis: { hasPeriodChange: true, hasPlanChange: false } });
    },
  );

  test("before basil it names the period only", () => {
    const { data } = fixtureEvents("pre_basil")["customer.subscription.updated.renewal"] as {
      data: { previous_attributes: object };
    };
    expect(Object.keys(data.previous_attributes).toSorted()).toEqual([
      "current_period_end",
      "current_period_start",
      "latest_invoice",
    ]);
  });
});

describe("what is not for us", () => {
  test.each([
    [{ type: "customer.created" }, "unhandled_type"],
    [{ type: "constructor" }, "unhandled_type"],
    [{ type: "__proto__" }, "unhandled_type"],
    [{ type: "invoice.paid", object: "v2.core.event", created: "2026-03-01T10:00:00Z" }, "thin_event"],
    [{ type: "charge.succeeded" }, "unhandled_type"],
    [{ type: "checkout.session.expired" }, "unhandled_type"],
    [{ type: "invoice.paid" }, "no_subscription"],
  ])("%j is ignored", (event, reason) => {
    const payload = { id: "evt_1", created: 1, data: { object: { id: "x_1" } }, ...event };
    expect(normalized(payload)).toEqual({ outcome: "ignored", reason });
  });

  test.each([
    [{ created: 1 }, "missing_field:data.object"],
    [{ created: 1, data: { object: [] } }, "missing_field:data.object"],
    [{ data: { object: {} } }, "missing_field:created"],
    [{ created: 1, data: { object: {} } }, "missing_field:data.object.id"],
  ])("%j is quarantined", (event, reason) => {
    const payload = { id: "evt_1", type: "customer.subscription.updated", ...event };
    expect(normalized(payload)).toMatchObject({ outcome: "quarantined", reason });
  });
});

describe("damaged events", () => {
  const events = SHAPES.flatMap((shape) => Object.values(fixtureEvents(shape)));
  const strange = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom(-1, 1e300, "", "\u0000", "\ud800", [], {}, [null]),
  );

  test("never throw, and give the same answer twice", () => {
    fc.assert(
      fc.property(fc.constantFrom(...events), fc.nat(), strange, (event, position, value) => {
        const damaged = withOneChanged(event, position, value);
        const first = normalized(damaged);
        expect(["facts", "ignored", "quarantined", "unpriced"]).toContain(first.outcome);
        expect(normalized(damaged)).toEqual(first);
      }),
      { numRuns: 1000 },
    );
  });

  /** Replaces one value, anywhere inside `data`, by another. */
  function withOneChanged(event: StripeObject, position: number, value: unknown): StripeObject {
    const places: [object, string][] = [];
    const copy = structuredClone(event);
    const collect = (inner: unknown): void => {
      if (typeof inner !== "object" || inner === null) return;
      for (const key of Object.keys(inner)) {
        places.push([inner, key]);
        collect((inner as StripeObject)[key]);
      }
    };
    collect(copy.data);
    const [parent, key] = places[position % places.length] as [StripeObject, string];
    parent[key] = value;
    return copy;
  }
});
