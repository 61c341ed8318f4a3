import { describe, expect, test } from "vitest";
import type { Note } from "@/lib/billing/types";
import { SHAPES } from "@/lib/sandbox/event-builders/stripe/events";
import { fixtureEvents } from "@/lib/sandbox/event-builders/stripe/fixture-events";
import { normalized } from "@/tests/support/normalized-stripe";
import {
  APRIL,
  FIXTURE_FACTS,
  item,
  MARCH,
  MAY,
  MID_MARCH,
  NEXT_MARCH,
  nothing,
  ofMarch,
  silver,
} from "@/tests/support/stripe-fixture-facts";

const ada = { customer: "cus_Ada", subscription: "sub_AdaMail", trustedUserId: "user_ada" };
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
/** The depot's plan in the subscription with both products. */
const solo = {
  ...silver,
  plan: "solo",
  item: { id: "si_AdaDepot", product: "prod_depot_solo", price: "price_depot_solo_monthly" },
};
/** A product without an item of a listed price. */
const without = { plan: null, interval: null, quantity: 1, periodStart: null, periodEnd: null, item: null };

test("every fixture has an expectation", () => {
  const expected = [
    ...Object.keys(FIXTURE_FACTS),
    ...Object.keys(NOTES),
    ...Object.keys(DISCOUNTS),
    ...LINKS,
    UNLISTED,
  ];
  expect(expected.toSorted()).toEqual(Object.keys(fixtureEvents("basil")).toSorted());
});

describe.each(SHAPES)("shape %s", (shape) => {
  test.each(Object.entries(FIXTURE_FACTS))("%s", (name, { fact, analysis }) => {
    const result = normalized(fixtureEvents(shape)[name] ?? {});
    const id = `stripe:evt_${name.replaceAll(".", "_")}:${"kind" in fact ? fact.kind : ""}`;
    const origin = { id, processor: "stripe", subscription: "sub_AdaMail" };
    const list = {
      list: { complete: true, plans: name.endsWith("two_products") ? 2 : 1, unlisted: [] },
      discounts: [],
    };
    const said = { ...origin, ...fact, ...("kind" in fact && fact.kind === "snapshot" && list) };
    const facts = [{ product: "mail", fact: said }];
    if (name.endsWith("two_products")) facts.push({ product: "depot", fact: { ...said, ...{ state: solo } } });
    if (name.endsWith("item_removed")) {
      facts.push({
        product: "depot",
        fact: { ...said, ...{ previous: solo, state: { ...solo, ...without } } },
      });
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
        subscription: "sub_AdaMail",
        ...said,
        discount: { key: "di_Ada", terms: null, endsAt: NEXT_MARCH },
      },
    });
  });

  test.each(LINKS)("%s links the customer and the subscription, and has no fact", (name) => {
    expect(normalized(fixtureEvents(shape)[name] ?? {})).toEqual({
      outcome: "facts",
      facts: [],
      identity: ada,
      analysis: null,
    });
  });

  test("a plan at an unlisted price gives a state without a plan, and a list with its item", () => {
    const own = { ...item("titanium"), price: "price_unlisted", interval: "monthly", quantity: 1, ...ofMarch };
    expect(normalized(fixtureEvents(shape)[UNLISTED] ?? {})).toEqual({
      outcome: "facts",
      facts: [
        {
          product: "mail",
          fact: {
            kind: "snapshot",
            id: "stripe:evt_customer_subscription_updated_unknown_price:snapshot",
            processor: "stripe",
            subscription: "sub_AdaMail",
            at: MID_MARCH,
            changeType: "updated",
            state: { ...silver, ...without },
            previous: silver,
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

test("the three shapes of one event give the same facts", () => {
  const [pre_basil, legacy, basil] = SHAPES.map((shape) => Object.values(fixtureEvents(shape)).map(normalized));
  expect(legacy).toEqual(pre_basil);
  expect(basil).toEqual(pre_basil);
});

describe("a renewal", () => {
  test.each(["legacy", "basil"] as const)("is no plan change although previous_attributes has items (%s)", (shape) => {
    const event = fixtureEvents(shape)["customer.subscription.updated.renewal"] ?? {};
    expect(event).toHaveProperty("data.previous_attributes.items");
    expect(normalized(event)).toMatchObject({ analysis: { hasPeriodChange: true, hasPlanChange: false } });
  });

  test("has the period only in previous_attributes before basil", () => {
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
