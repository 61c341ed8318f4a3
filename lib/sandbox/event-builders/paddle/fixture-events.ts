/**
 * The events of the fixtures: a user subscribes to Mail Silver on March 1, and every event type follows. A file is
 * named by its event's type, silver a variant if a type has several fixtures.
 */

import type { Instant } from "@/lib/billing/types";
import type { Price } from "@/lib/config/catalog";
import {
  type AdjustmentSpec,
  adjustmentEntity,
  event,
  type LineSpec,
  type PaddleObject,
  planPrice,
  type SubscriptionSpec,
  subscriptionEntity,
  type TransactionSpec,
  transactionEntity,
} from "./events";

export const MARCH = Date.parse("2026-03-01T10:00:00.635Z");
export const MID_MARCH = Date.parse("2026-03-16T22:00:00.120Z");
export const APRIL = Date.parse("2026-04-01T10:00:00.635Z");
export const MAY = Date.parse("2026-05-01T10:00:00.635Z");
export const MID_APRIL = Date.parse("2026-04-16T22:00:00.120Z");
export const NEXT_MARCH = Date.parse("2027-03-16T22:00:00.120Z");
export const SECOND_MS = 1000;
export const HOUR_MS = 3600 * SECOND_MS;

const mail = (plan: string, interval: Price["interval"]) => planPrice({ product: "mail", plan, interval });
const silver = mail("silver", "monthly");
const titanium = mail("titanium", "monthly");
const bronze = mail("bronze", "monthly");
const silverYearly = mail("silver", "yearly");
const solo = planPrice({ product: "depot", plan: "solo", interval: "monthly" });
/** A price that was created in Paddle's dashboard and that no variable lists. */
const unlisted = { ...titanium, id: "pri_01unlisted", name: "Titanium, negotiated" };

const BORN: SubscriptionSpec = {
  id: "sub_01ada",
  customer: "ctm_01ada",
  items: [{ price: silver }],
  createdAt: MARCH,
  updatedAt: MARCH,
  period: { start: MARCH, end: APRIL },
  customData: { user_id: "user_ada" },
};
const TRIAL: SubscriptionSpec = { ...BORN, status: "trialing", trial: { start: MARCH, end: APRIL } };
const RENEWED: SubscriptionSpec = { ...BORN, period: { start: APRIL, end: MAY } };
const PAST_DUE: SubscriptionSpec = { ...RENEWED, status: "past_due" };
const SWITCHED = { items: [{ price: silverYearly }], period: { start: MID_MARCH, end: NEXT_MARCH } };
const cancel = { action: "cancel", effectiveAt: APRIL } as const;

/** The subscription in each event; `at` is also its `updated_at`. */
const SUBSCRIPTIONS: Record<string, { is: SubscriptionSpec; at: Instant }> = {
  created: { is: { ...BORN, transaction: "txn_01march" }, at: MARCH },
  "created.trial": { is: { ...TRIAL, transaction: "txn_01march" }, at: MARCH },
  "created.two_products": { is: { ...BORN, items: [{ price: silver }, { price: solo, quantity: 3 }] }, at: MARCH },
  activated: { is: BORN, at: MARCH },
  trialing: { is: TRIAL, at: MARCH },
  imported: { is: BORN, at: MARCH },
  "updated.renewal": { is: RENEWED, at: APRIL + SECOND_MS },
  "updated.trial_converted": { is: { ...TRIAL, ...RENEWED, status: "active" }, at: APRIL + SECOND_MS },
  "updated.upgrade": { is: { ...BORN, items: [{ price: titanium }] }, at: MID_MARCH },
  "updated.plan_change_at_renewal": { is: { ...RENEWED, items: [{ price: bronze }] }, at: APRIL + SECOND_MS },
  "updated.interval_switch": { is: { ...BORN, ...SWITCHED }, at: MID_MARCH },
  "updated.cancel_scheduled": { is: { ...BORN, scheduledChange: cancel }, at: MID_MARCH },
  "updated.pause_scheduled": { is: { ...BORN, scheduledChange: { ...cancel, action: "pause" } }, at: MID_MARCH },
  "updated.unknown_price": { is: { ...BORN, items: [{ price: unlisted }] }, at: MID_MARCH },
  past_due: { is: PAST_DUE, at: APRIL + HOUR_MS },
  "updated.recovered": { is: RENEWED, at: APRIL + 72 * HOUR_MS },
  paused: { is: { ...BORN, status: "paused", period: null, pausedAt: APRIL }, at: APRIL },
  "paused.with_period": { is: { ...BORN, status: "paused", pausedAt: MID_MARCH }, at: MID_MARCH },
  resumed: { is: BORN, at: MID_MARCH },
  "resumed.new_period": { is: { ...BORN, period: { start: MID_MARCH, end: MID_APRIL } }, at: MID_MARCH },
  canceled: { is: { ...BORN, status: "canceled", period: null, canceledAt: MID_MARCH }, at: MID_MARCH },
  "canceled.with_period": { is: { ...BORN, status: "canceled", canceledAt: APRIL }, at: APRIL },
};

const line = (price: typeof silver, changes: Partial<LineSpec> = {}): LineSpec => ({
  price,
  amount: price.unitAmount,
  ...changes,
});
const REST = { start: MID_MARCH, end: APRIL };
const half = { rate: "0.5", ...REST };
const whole = (of: { start: Instant; end: Instant } | null) => ({ proration: { rate: "1", ...(of ?? REST) } });
const FIRST: TransactionSpec = {
  id: "txn_01march",
  customer: BORN.customer,
  subscription: BORN.id,
  origin: "web",
  status: "completed",
  lines: [line(silver)],
  period: { start: MARCH, end: APRIL },
  at: MARCH,
  customData: { user_id: "user_ada" },
};
const RECURRING: TransactionSpec = {
  ...FIRST,
  id: "txn_01april",
  origin: "subscription_recurring",
  lines: [line(silver, whole(RENEWED.period))],
  period: { start: APRIL, end: MAY },
  at: APRIL + HOUR_MS,
};
const UPDATE: TransactionSpec = { ...FIRST, id: "txn_01update", origin: "subscription_update", at: MID_MARCH };
const CHARGE: TransactionSpec = { ...FIRST, id: "txn_01charge", origin: "subscription_charge", at: MID_MARCH };
const CARD = { origin: "subscription_payment_method_change", lines: [], period: { start: MID_MARCH, end: MID_MARCH } };

const TRANSACTIONS: Record<string, TransactionSpec> = {
  "paid.before_subscription": { ...FIRST, status: "paid", subscription: null },
  paid: { ...RECURRING, status: "paid" },
  "completed.first": FIRST,
  "completed.trial": { ...FIRST, lines: [line(silver, { amount: 0 })] },
  "completed.renewal": RECURRING,
  "completed.renewal_from_credit": { ...RECURRING, credit: 500 },
  "completed.renewal_with_discount": { ...RECURRING, discount: 500 },
  "completed.upgrade": {
    ...UPDATE,
    lines: [line(titanium, { amount: 1999, proration: half })],
    period: REST,
    credit: 1000,
  },
  "completed.upgrade_in_full": { ...UPDATE, lines: [line(titanium)], period: REST },
  // Since March 2024 the unused part is a negative line; before, the credit of an adjustment paid it.
  "completed.upgrade_less_unused": {
    ...UPDATE,
    lines: [
      line(silver, { amount: -1000, quantity: -1, proration: half }),
      line(titanium, { amount: 2000, proration: half }),
    ],
    period: REST,
  },
  "completed.downgrade_to_balance": {
    ...UPDATE,
    lines: [
      line(silver, { amount: -1000, quantity: -1, proration: half }),
      line(bronze, { amount: 500, proration: half }),
    ],
    period: REST,
    creditToBalance: 500,
  },
  "completed.interval_switch": {
    ...UPDATE,
    lines: [line(silverYearly, whole(SWITCHED.period))],
    period: SWITCHED.period,
    credit: 1000,
  },
  "completed.interval_switch_in_money": {
    ...UPDATE,
    lines: [line(silverYearly, whole(SWITCHED.period))],
    period: SWITCHED.period,
  },
  "completed.resumed": {
    ...RECURRING,
    id: "txn_01resumed",
    lines: [line(silver, whole({ start: MID_MARCH, end: MID_APRIL }))],
    period: { start: MID_MARCH, end: MID_APRIL },
    at: MID_MARCH,
  },
  "completed.renewal_invoiced": { ...RECURRING, collectionMode: "manual" },
  "completed.one_off": { ...CHARGE, lines: [line(silver)] },
  "completed.card_change": { ...UPDATE, ...CARD } as TransactionSpec,
  payment_failed: { ...RECURRING, status: "past_due" },
  "payment_failed.paid_since": { ...RECURRING, status: "completed" },
  past_due: { ...RECURRING, status: "past_due" },
  created: { ...FIRST, status: "ready", subscription: null },
  ready: { ...FIRST, status: "ready", subscription: null },
  billed: { ...RECURRING, status: "billed" },
  updated: RECURRING,
  revised: RECURRING,
  canceled: { ...RECURRING, status: "canceled" },
};

const REFUND: AdjustmentSpec = {
  id: "adj_01refund",
  action: "refund",
  status: "approved",
  transaction: FIRST.id,
  subscription: BORN.id,
  customer: BORN.customer,
  amount: 500,
  at: MID_MARCH,
};
const ADJUSTMENTS: Record<string, AdjustmentSpec> = {
  "created.refund_pending": { ...REFUND, status: "pending_approval" },
  "updated.refund_approved": REFUND,
  "updated.refund_rejected": { ...REFUND, status: "rejected" },
  "created.chargeback": { ...REFUND, id: "adj_01chargeback", action: "chargeback" },
  "created.chargeback_reverse": { ...REFUND, id: "adj_01reverse", action: "chargeback_reverse", amount: -500 },
  "updated.chargeback_reversed": { ...REFUND, id: "adj_01chargeback", action: "chargeback", status: "reversed" },
  "created.chargeback_warning": { ...REFUND, id: "adj_01warning", action: "chargeback_warning" },
  "created.chargeback_warning_reverse": {
    ...REFUND,
    id: "adj_01withdrawn",
    action: "chargeback_warning_reverse",
    amount: -500,
  },
  "created.credit": { ...REFUND, id: "adj_01credit", action: "credit" },
};

/** The events by file name without `.json`. */
export function fixtureEvents(): Record<string, PaddleObject> {
  const as = (name: string, of: PaddleObject, at: Instant): [string, PaddleObject] => {
    const type = name.split(".").slice(0, 2).join(".");
    return [name, event(type, of, { id: `evt_01${name.replaceAll(".", "_")}`, at })];
  };
  return Object.fromEntries([
    ...Object.entries(SUBSCRIPTIONS).map(([name, { is, at }]) =>
      as(`subscription.${name}`, subscriptionEntity({ ...is, updatedAt: at }), at),
    ),
    ...Object.entries(TRANSACTIONS).map(([name, spec]) =>
      as(`transaction.${name}`, transactionEntity(spec), spec.at + 2 * SECOND_MS),
    ),
    ...Object.entries(ADJUSTMENTS).map(([name, spec]) => as(`adjustment.${name}`, adjustmentEntity(spec), spec.at)),
  ]);
}
