/** Prorations and totals of each kind of transaction, as in the examples of Paddle's API description. */
import { describe, expect, test } from "vitest";
import { DAY_MS } from "@/lib/billing/timeline/calendar";
import type { Price } from "@/lib/config/catalog";
import { planPrice } from "../event-builders/paddle/events";
import { catchUp } from "../fake-processor";
import { runStep } from "../step";
import { type AccountState, newAccountState, type PaddleStep, type Subscription } from "./account-state";
import { cardChange, pay } from "./checkout";
import { fakePaddle } from "./fake-paddle";
import { transactionOf } from "./objects";
import { type BillingMode, changeItems, periodLines } from "./proration";
import { resume, stop, update } from "./subscriptions";
import { make } from "./transactions";

const START = Date.UTC(2027, 0, 10, 12);
const HALF = START + 15.5 * DAY_MS;
const mail = (plan: string, interval: Price["interval"] = "monthly") => planPrice({ product: "mail", plan, interval });

/**
 * Runs a step at `at` for a subscriber of Mail Titanium since `START`; returns the latest transaction and the
 * subscription.
 */
function after(at: number, run: (step: PaddleStep, subscription: Subscription) => void, begun = subscribed()) {
  const { state } = runStep(catchUp(fakePaddle, begun, at).state, at, (step) => {
    const [subscription] = step.state.subscriptions;
    if (subscription) run(step, subscription);
  });
  const transaction = state.transactions.at(-1);
  const [subscription] = state.subscriptions;
  if (!transaction || !subscription) throw new Error("nothing was sold");
  return { state, subscription, entity: transactionOf(state, transaction) };
}

function subscribed(): AccountState {
  return runStep(newAccountState("0123456789abcdef", "http://localhost"), START, (step) => {
    const lines = periodLines([{ price: mail("titanium") }], null);
    const draft = { origin: "api", status: "draft", subscription: null, lines, period: null } as const;
    pay(step, make(step, draft), { card: "4242", email: null, name: null, confirmed: true });
  }).state;
}

const change = (plan: string, interval: Price["interval"], mode: BillingMode) =>
  after(HALF, (step, subscription) =>
    update(step, subscription, [{ price: mail(plan, interval) }], { mode, onFailure: "prevent_change" }),
  );

/** The prorations of the items, which are also those of the calculated lines. */
function prorations({ items, details, billing_period }: ReturnType<typeof after>["entity"]) {
  const written = items.map(({ proration }) => proration);
  expect(details.line_items.map(({ proration }) => proration)).toEqual(written);
  return written.map((each) => each && { rate: each.rate, whole: same(each.billing_period, billing_period) });
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

test("a checkout has no proration", () => {
  expect(prorations(after(START, () => {}).entity)).toEqual([null]);
});

test("a renewal is a proration of rate 1 over its period", () => {
  const { entity, subscription } = after(START + 31 * DAY_MS, () => {});
  expect(entity).toMatchObject({ origin: "subscription_recurring" });
  expect(subscription.period?.start).toBe(START + 31 * DAY_MS);
  expect(prorations(entity)).toEqual([{ rate: "1", whole: true }]);
});

test("a resume is a proration of rate 1 over its new period", () => {
  const paused = after(HALF, (step, subscription) => stop(step, subscription, "pause", { immediately: true })).state;
  const { entity } = after(HALF + DAY_MS, resume, paused);
  expect(entity).toMatchObject({ origin: "subscription_recurring", status: "completed" });
  expect(prorations(entity)).toEqual([{ rate: "1", whole: true }]);
});

test("a card change is a proration of rate 0 over the subscription's period", () => {
  const { entity, subscription } = after(HALF, (step, held) => void cardChange(step, held));
  const [proration] = entity.items.map((item) => item.proration);
  expect(proration?.rate).toBe("0");
  expect(Date.parse(proration?.billing_period.starts_at ?? "")).toBe(subscription.period?.start);
  expect(prorations(entity)).toEqual([{ rate: "0", whole: false }]);
});

describe("a change of items", () => {
  test("to a lower plan has the unused part as a negative line, and the difference goes to the balance", () => {
    const { entity, state } = change("bronze", "monthly", "prorated_immediately");
    expect(prorations(entity).map((each) => each?.rate)).toEqual(["0.5", "0.5"]);
    const [unused, charged] = entity.details.line_items;
    expect(unused).toMatchObject({ quantity: -1, totals: { total: "-2000" } });
    expect(charged).toMatchObject({ quantity: 1, totals: { total: "500" } });
    const totals = { subtotal: "-1500", total: "-1500", credit: "0", credit_to_balance: "1500", grand_total: "0" };
    expect(entity.details.totals).toMatchObject({ ...totals, balance: "0" });
    expect(entity.payments).toEqual([]);
    expect(state.customer.balance).toBe(1_500);
  });

  test("leaves a balance that pays the next renewal first: the grand total is the total minus the credit", () => {
    const lowered = change("silver", "monthly", "prorated_immediately").state;
    const { entity, state } = after(START + 32 * DAY_MS, () => {}, lowered);
    const totals = { total: "1999", credit: "1000", credit_to_balance: "0", grand_total: "999", balance: "0" };
    expect(entity.details.totals).toMatchObject(totals);
    expect(entity.payments).toMatchObject([{ amount: "999", status: "captured" }]);
    expect(state.customer.balance).toBe(0);
  });

  test("to yearly has the new year as a proration of rate 1, minus the unused part of the month", () => {
    const { entity } = change("titanium", "yearly", "prorated_immediately");
    expect(prorations(entity)).toEqual([
      { rate: "0.5", whole: false },
      { rate: "1", whole: true },
    ]);
  });

  test.each([
    ["full_immediately", "bronze", "monthly"],
    ["full_immediately", "titanium", "yearly"],
  ] as const)("by %s to %s %s is not prorated", (mode, plan, interval) => {
    expect(prorations(change(plan, interval, mode).entity)).toEqual([null]);
  });

  test("in the first minute has the rate 1, without decimals", () => {
    const state = {
      items: [{ price: mail("silver") }],
      period: { start: START, end: START + 31 * DAY_MS },
      anchor: START,
    };
    const { lines } = changeItems(state, [{ price: mail("titanium") }], "prorated_immediately", START);
    expect(lines.map(({ proration }) => proration?.rate)).toEqual(["1", "1"]);
  });
});
