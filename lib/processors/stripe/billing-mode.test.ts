/** Case P6: the normalizer reads flexible subscriptions, which have other objects than classic ones. */
import { describe, expect, test } from "vitest";
import {
  event,
  invoiceObject,
  type LineSpec,
  planPrice,
  type SubscriptionSpec,
  subscriptionObject,
} from "@/lib/sandbox/event-builders/stripe/events";
import { normalized } from "@/tests/support/normalized-stripe";

const START = Date.UTC(2026, 10, 1) / 1000;
const END = Date.UTC(2026, 11, 1) / 1000;
const MID = Date.UTC(2026, 10, 16) / 1000;
const FLEXIBLE = { type: "flexible", prorationDiscounts: "included" } as const;
const price = (plan: string, interval: "monthly" | "yearly" = "monthly") =>
  planPrice({ product: "mail", plan, interval });
const spec = (over: Partial<SubscriptionSpec> = {}): SubscriptionSpec => ({
  id: "sub_1",
  customer: "cus_1",
  items: [{ id: "si_1", price: price("silver") }],
  created: START,
  periodStart: START,
  periodEnd: END,
  billingMode: FLEXIBLE,
  metadata: { user_id: "u" },
  ...over,
});
const snapshotOf = (object: Record<string, unknown>, previous?: Record<string, unknown>) => {
  const read = normalized(event("customer.subscription.updated", object, previous, { id: "evt_1", created: MID }));
  if (read.outcome !== "facts") throw new Error(read.outcome);
  return read.facts.map(({ fact }) => fact);
};
const stateOf = (over: Partial<SubscriptionSpec> = {}) => {
  const [fact] = snapshotOf(subscriptionObject(spec(over), "basil"));
  return fact?.kind === "snapshot" ? fact.state : undefined;
};

describe("a scheduled end", () => {
  test.each<[string, Partial<SubscriptionSpec>, number | null]>([
    ["with the period, for a classic subscription", { billingMode: { type: "classic" }, cancelAtPeriodEnd: true }, END],
    ["with the period, for a flexible subscription", { cancelAtPeriodEnd: true }, END],
    ["on a date only, as the portal ends a flexible subscription", { cancelAt: END }, END],
    ["on a date inside the period", { cancelAt: MID }, MID],
    ["that is absent", {}, null],
  ])("%s", (_, over, at) => {
    expect(stateOf(over)?.cancelAt).toBe(at === null ? null : at * 1000);
  });

  test("that was withdrawn is in the previous state, from the previous attributes", () => {
    const [fact] = snapshotOf(subscriptionObject(spec(), "basil"), { cancel_at: END });
    expect(fact).toMatchObject({ state: { cancelAt: null }, previous: { cancelAt: END * 1000 } });
  });
});

test("the plan has the period of its own item among items of different intervals", () => {
  const object = subscriptionObject(
    spec({
      items: [
        { id: "si_add_on", price: { ...price("silver"), id: "price_unlisted" } },
        { id: "si_1", price: price("silver", "yearly") },
      ],
    }),
    "basil",
  );
  const items = object.items as { data: Record<string, unknown>[] };
  const year = Date.UTC(2027, 10, 1) / 1000;
  Object.assign(items.data[1] as object, { current_period_end: year });
  const [fact] = snapshotOf(object);
  expect(fact).toMatchObject({
    state: { plan: "silver", interval: "yearly", periodStart: START * 1000, periodEnd: year * 1000 },
  });
});

test("a pending update and the details of a pause change nothing", () => {
  const pending = { expiresAt: END, items: [{ id: "si_1", price: price("titanium") }], billingCycleAnchor: null };
  expect(stateOf({ pendingUpdate: { ...pending, cancelAtPeriodEnd: true, metadata: { user_id: "other" } } })).toEqual(
    stateOf(),
  );
  const paused = { at: MID, why: "trial_end_without_payment_method" } as const;
  expect(stateOf({ status: "paused", paused })).toEqual(stateOf({ status: "paused" }));
});

describe("an invoice's credits", () => {
  const line = (id: string, plan: string, amount: number, over: Partial<LineSpec> = {}): LineSpec => ({
    id,
    item: "si_1",
    price: price(plan),
    amount,
    description: plan,
    periodStart: MID,
    periodEnd: END,
    proration: true,
    ...over,
  });
  const paidFor = (lines: LineSpec[]) => {
    const object = invoiceObject(
      {
        id: "in_1",
        customer: "cus_1",
        subscription: "sub_1",
        billingReason: "subscription_update",
        lines,
        created: MID,
        periodStart: START,
        periodEnd: MID,
        status: "paid",
      },
      "basil",
    );
    const read = normalized(event("invoice.paid", object, undefined, { id: "evt_2", created: MID }));
    return read.outcome === "facts" ? read.facts.map(({ fact }) => fact) : [];
  };
  const credits = (of: string) => ({ credits: { invoice: "in_0", line: of } });

  test("for several billed amounts leave the payment for the charged plan", () => {
    const lines = [
      line("il_1", "silver", -500, credits("il_a")),
      line("il_2", "silver", -499, credits("il_b")),
      line("il_3", "titanium", 2_000),
    ];
    expect(paidFor(lines)).toMatchObject([{ purpose: "proration", plan: "titanium", paidInFull: false }]);
  });

  test("for prorations in between leave the payment for the last plan", () => {
    const lines = [
      line("il_1", "bronze", -300),
      line("il_2", "silver", 1_000),
      line("il_3", "silver", -1_000, credits("il_2")),
      line("il_4", "titanium", 2_000),
    ];
    expect(paidFor(lines)).toMatchObject([{ purpose: "proration", plan: "titanium" }]);
  });

  test("beside a new cycle leave the whole line's period, which is not paid in full", () => {
    const whole = { proration: false, periodStart: MID, periodEnd: Date.UTC(2027, 10, 16) / 1000 };
    const lines = [
      line("il_1", "silver", -999, credits("il_a")),
      line("il_2", "silver", 19_990, { ...whole, price: price("silver", "yearly") }),
    ];
    expect(paidFor(lines)).toMatchObject([
      { purpose: "change", plan: "silver", interval: "yearly", periodStart: MID * 1000, paidInFull: false },
    ]);
  });
});

test.each(["unpaid", "paid"] as const)("a completed and %s checkout names the subscription's user", (status) => {
  const object = { id: "cs_1", customer: "cus_1", subscription: "sub_1", mode: "subscription", payment_status: status };
  const types = ["completed", "async_payment_succeeded", "async_payment_failed"].map(
    (each) => `checkout.session.${each}`,
  );
  for (const type of types) {
    const read = normalized(
      event(type, { ...object, metadata: { user_id: "u" } }, undefined, { id: "evt_3", created: MID }),
    );
    expect(read).toMatchObject({ identity: { customer: "cus_1", subscription: "sub_1", trustedUserId: "u" } });
  }
});
