import { expect, test } from "vitest";
import type { SubscriptionState } from "@/lib/billing/types";
import type { PaddleObject } from "@/lib/sandbox/event-builders/paddle/events";
import {
  APRIL,
  fixtureEvents,
  HOUR_MS,
  MARCH,
  MAY,
  MID_APRIL,
  MID_MARCH,
  NEXT_MARCH,
  SECOND_MS,
} from "@/lib/sandbox/event-builders/paddle/fixture-events";
import { normalized } from "@/tests/support/normalized-paddle";

const item = (plan: string, interval = "monthly", product = "mail") => ({
  id: null,
  product: `pro_${product}_${plan}`,
  price: `pri_${product}_${plan}_${interval}`,
});
const mail = (plan: string) => ({ plan, item: item(plan) });
const silver: SubscriptionState = {
  ...mail("silver"),
  selfStarted: true,
  interval: "monthly",
  quantity: 1,
  status: "active",
  periodStart: MARCH,
  periodEnd: APRIL,
  cancelAt: null,
  trialEnd: null,
  collectionPaused: false,
};
const april: SubscriptionState = { ...silver, periodStart: APRIL, periodEnd: MAY };
const trial: SubscriptionState = { ...silver, status: "trialing", trialEnd: APRIL };
const yearly: SubscriptionState = {
  ...silver,
  interval: "yearly",
  item: item("silver", "yearly"),
  periodStart: MID_MARCH,
  periodEnd: NEXT_MARCH,
};
const noPeriod = { periodStart: null, periodEnd: null };

const snapshot = (at: number, state: SubscriptionState, changeType = "updated") => ({
  kind: "snapshot",
  at,
  changeType,
  state,
  previous: null,
});
const ofApril = { periodStart: APRIL, periodEnd: MAY, plan: "silver", interval: "monthly" };
const ofMarch = { ...ofApril, periodStart: MARCH, periodEnd: APRIL };
const ofYear = { ...ofApril, periodStart: MID_MARCH, periodEnd: NEXT_MARCH, interval: "yearly" };
const payment = (at: number, fact: object) => ({
  kind: "payment",
  at: at + 2 * SECOND_MS,
  outcome: "paid",
  purpose: "period",
  paidInFull: false,
  ...fact,
});
const nothing = { purpose: "other", periodStart: null, periodEnd: null, plan: null, interval: null };
const upgrade = {
  purpose: "proration",
  plan: "titanium",
  interval: "monthly",
  periodStart: MID_MARCH,
  periodEnd: APRIL,
};
/** The facts of the mail product, by fixture. Fixtures with another product's fact or no fact are below. */
const FACTS: Record<string, object> = {
  "subscription.created": snapshot(MARCH, silver, "created"),
  "subscription.created.trial": snapshot(MARCH, trial, "created"),
  "subscription.created.two_products": snapshot(MARCH, silver, "created"),
  "subscription.imported": snapshot(MARCH, silver, "created"),
  "subscription.activated": snapshot(MARCH, silver),
  "subscription.trialing": snapshot(MARCH, trial),
  "subscription.updated.renewal": snapshot(APRIL + SECOND_MS, april),
  "subscription.updated.trial_converted": snapshot(APRIL + SECOND_MS, { ...april, trialEnd: APRIL }),
  "subscription.updated.upgrade": snapshot(MID_MARCH, { ...silver, ...mail("titanium") }),
  "subscription.updated.plan_change_at_renewal": snapshot(APRIL + SECOND_MS, { ...april, ...mail("bronze") }),
  "subscription.updated.interval_switch": snapshot(MID_MARCH, yearly),
  "subscription.updated.cancel_scheduled": snapshot(MID_MARCH, { ...silver, cancelAt: APRIL }),
  "subscription.updated.pause_scheduled": snapshot(MID_MARCH, silver),
  "subscription.past_due": snapshot(APRIL + HOUR_MS, { ...april, status: "past_due" }),
  "subscription.updated.recovered": snapshot(APRIL + 72 * HOUR_MS, april),
  "subscription.paused": snapshot(APRIL, { ...silver, status: "paused", ...noPeriod }),
  "subscription.paused.with_period": snapshot(MID_MARCH, { ...silver, status: "paused" }),
  "subscription.resumed": snapshot(MID_MARCH, silver),
  "subscription.resumed.new_period": snapshot(MID_MARCH, { ...silver, periodStart: MID_MARCH, periodEnd: MID_APRIL }),
  "subscription.canceled": snapshot(MID_MARCH, { ...silver, status: "canceled", ...noPeriod }, "deleted"),
  "subscription.canceled.with_period": snapshot(APRIL, { ...silver, status: "canceled" }, "deleted"),
  "transaction.paid": payment(APRIL + HOUR_MS, { ...ofApril, paidInFull: true }),
  "transaction.completed.first": payment(MARCH, { ...ofMarch, paidInFull: true }),
  "transaction.completed.trial": payment(MARCH, ofMarch),
  "transaction.completed.renewal": payment(APRIL + HOUR_MS, { ...ofApril, paidInFull: true }),
  "transaction.completed.renewal_from_credit": payment(APRIL + HOUR_MS, ofApril),
  "transaction.completed.renewal_with_discount": payment(APRIL + HOUR_MS, { ...ofApril, paidInFull: true }),
  "transaction.completed.upgrade": payment(MID_MARCH, upgrade),
  "transaction.completed.renewal_invoiced": payment(APRIL + HOUR_MS, { ...ofApril, paidInFull: true }),
  "transaction.completed.resumed": payment(MID_MARCH, {
    ...ofApril,
    periodStart: MID_MARCH,
    periodEnd: MID_APRIL,
    paidInFull: true,
  }),
  "transaction.completed.upgrade_less_unused": payment(MID_MARCH, upgrade),
  "transaction.completed.downgrade_to_balance": payment(MID_MARCH, { ...upgrade, plan: "bronze" }),
  "transaction.completed.upgrade_in_full": payment(MID_MARCH, upgrade),
  "transaction.completed.interval_switch": payment(MID_MARCH, { ...ofYear, purpose: "change" }),
  "transaction.completed.interval_switch_in_money": payment(MID_MARCH, {
    ...ofYear,
    purpose: "change",
    paidInFull: true,
  }),
  "transaction.completed.one_off": payment(MID_MARCH, nothing),
  "transaction.payment_failed": payment(APRIL + HOUR_MS, { ...ofApril, outcome: "failed" }),
  "transaction.past_due": payment(APRIL + HOUR_MS, { ...ofApril, outcome: "failed" }),
};
const refund = { kind: "refund", at: MID_MARCH, customer: "ctm_01ada", amount: 500, currency: "usd", detail: null };
const NOTES: Record<string, object> = {
  "adjustment.updated.refund_approved": { ...refund, id: "paddle:adj_01refund:note" },
  "adjustment.created.chargeback": {
    ...refund,
    id: "paddle:adj_01chargeback:note",
    kind: "dispute_opened",
    detail: "chargeback",
  },
  "adjustment.created.chargeback_reverse": {
    ...refund,
    id: "paddle:adj_01reverse:note",
    kind: "dispute_closed",
    detail: "chargeback_reverse",
  },
  "adjustment.created.chargeback_warning": {
    ...refund,
    id: "paddle:adj_01warning:note",
    kind: "dispute_opened",
    detail: "chargeback_warning",
  },
  "adjustment.created.chargeback_warning_reverse": {
    ...refund,
    id: "paddle:adj_01withdrawn:note",
    kind: "dispute_closed",
    detail: "chargeback_warning_reverse",
  },
};
const IGNORED: Record<string, string> = {
  "transaction.completed.card_change": "no_plan_line",
  "transaction.payment_failed.paid_since": "already_paid",
  "transaction.created": "no_payment",
  "transaction.ready": "no_payment",
  "transaction.billed": "no_payment",
  "transaction.updated": "no_payment",
  "transaction.revised": "no_payment",
  "transaction.canceled": "no_payment",
  "adjustment.created.refund_pending": "not_approved",
  "adjustment.updated.refund_rejected": "not_approved",
  "adjustment.created.credit": "unhandled_adjustment",
  // The reversal is a separate adjustment.
  "adjustment.updated.chargeback_reversed": "not_approved",
};
const ADA = {
  customer: "ctm_01ada",
  subscription: "sub_01ada",
  transaction: null,
  trustedUserId: null,
  hintedUserId: "user_ada",
};
const events = fixtureEvents();
const of = (name: string) => events[name] as PaddleObject;
const entity = (name: string) => of(name).data as PaddleObject;

test("every fixture has an expectation", () => {
  const special = ["transaction.paid.before_subscription", "subscription.updated.unknown_price"];
  const names = [FACTS, NOTES, IGNORED].flatMap((table) => Object.keys(table));
  expect([...names, ...special].toSorted()).toEqual(Object.keys(events).toSorted());
});

test.each(Object.entries(FACTS))("%s", (name, fact) => {
  const type = name.split(".")[0];
  const id = `paddle:${of(name).event_id}:${type === "subscription" ? "snapshot" : "payment"}`;
  const origin = { id, processor: "paddle", subscription: "sub_01ada" };
  const list = { complete: true, plans: name.endsWith("two_products") ? 2 : 1, unlisted: [] };
  const expected = { ...origin, ...fact, ...(type === "subscription" && { list, discounts: [] }) };
  const facts: object[] = [{ product: "mail", fact: expected }];
  if (name.endsWith("two_products")) {
    const state = { ...silver, plan: "solo", item: item("solo", "monthly", "depot"), quantity: 3 };
    facts.push({ product: "depot", fact: { ...expected, state } });
  }
  const created = /^subscription\.created(\.trial)?$/.test(name) ? "txn_01march" : null;
  const transaction = type === "transaction" ? entity(name).id : created;
  expect(normalized(of(name))).toEqual({
    outcome: "facts",
    facts,
    identity: { ...ADA, transaction },
    analysis: null,
  });
});

test.each(Object.entries(NOTES))("%s", (name, note) => {
  expect(normalized(of(name))).toEqual({
    outcome: "facts",
    facts: [],
    notes: [note],
    identity: { ...ADA, transaction: "txn_01march", hintedUserId: null },
    analysis: null,
  });
});

test.each(Object.entries(IGNORED))("%s is ignored: %s", (name, reason) => {
  expect(normalized(of(name))).toEqual({ outcome: "ignored", reason });
});

test("a first payment before its subscription gives a link and no fact", () => {
  const identity = { ...ADA, subscription: null, transaction: "txn_01march" };
  expect(normalized(of("transaction.paid.before_subscription"))).toEqual({
    outcome: "facts",
    facts: [],
    identity,
    analysis: null,
    unlinked: "no_subscription",
  });
  const failed = { ...of("transaction.paid.before_subscription"), event_type: "transaction.payment_failed" };
  expect(normalized(failed)).toEqual({ outcome: "ignored", reason: "no_subscription" });
});

test("an unlisted price gives one snapshot without a plan", () => {
  expect(normalized(of("subscription.updated.unknown_price"))).toMatchObject({
    outcome: "unpriced",
    fact: { state: { plan: null, interval: null, status: "active" } },
    identity: ADA,
  });
});
