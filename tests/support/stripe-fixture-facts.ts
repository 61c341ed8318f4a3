/** The fact that each Stripe fixture is normalized to, for the subscription of its user Ada. */
import type { SubscriptionState } from "@/lib/billing/types";

export const MARCH = Date.UTC(2026, 2, 1, 10);
export const MID_MARCH = Date.UTC(2026, 2, 16, 22);
export const APRIL = Date.UTC(2026, 3, 1, 10);
export const MAY = Date.UTC(2026, 4, 1, 10);
export const NEXT_MARCH = Date.UTC(2027, 2, 16, 22);
const HOUR_MS = 3_600_000;

export const item = (plan: string, interval = "monthly") => ({
  id: "si_AdaMail",
  product: `prod_mail_${plan}`,
  price: `price_mail_${plan}_${interval}`,
});
const mail = (plan: string) => ({ plan, item: item(plan) });
export const silver: SubscriptionState = {
  ...mail("silver"),
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
const paused: SubscriptionState = { ...trial, status: "paused", periodStart: APRIL, periodEnd: MAY };
export const nothing = { hasPeriodChange: false, hasPlanChange: false };
export const period = { hasPeriodChange: true, hasPlanChange: false };
export const plan = { hasPeriodChange: false, hasPlanChange: true };

const snapshot = (
  at: number,
  state: SubscriptionState,
  previous: SubscriptionState | null,
  analysis: object | null,
  changeType = "updated",
) => ({
  analysis,
  fact: {
    kind: "snapshot",
    at,
    changeType,
    state,
    previous,
    list: { complete: true, plans: 1, unlisted: [] },
    discounts: [],
  },
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
    plan: "silver",
    interval: "monthly",
    paidInFull: false,
    ...fact,
  },
});
export const ofMarch = { periodStart: MARCH, periodEnd: APRIL };

export const FIXTURE_FACTS: Record<string, { fact: object; analysis: object | null }> = {
  "customer.subscription.created": snapshot(MARCH, silver, null, null, "created"),
  "customer.subscription.created.trial": snapshot(MARCH, trial, null, null, "created"),
  "customer.subscription.created.two_products": snapshot(MARCH, silver, null, null, "created"),
  "customer.subscription.updated.renewal": snapshot(APRIL + 5000, april, silver, period),
  "customer.subscription.updated.upgrade": snapshot(MID_MARCH, { ...silver, ...mail("titanium") }, silver, plan),
  "customer.subscription.updated.plan_change_at_renewal": snapshot(
    APRIL + 5000,
    { ...april, ...mail("bronze") },
    silver,
    {
      hasPeriodChange: true,
      hasPlanChange: true,
    },
  ),
  "customer.subscription.updated.interval_switch": snapshot(
    MID_MARCH,
    { ...silver, interval: "yearly", item: item("silver", "yearly"), periodStart: MID_MARCH, periodEnd: NEXT_MARCH },
    silver,
    period,
  ),
  "customer.subscription.updated.past_due": snapshot(APRIL + HOUR_MS, { ...april, status: "past_due" }, april, nothing),
  "customer.subscription.updated.recovered": snapshot(
    APRIL + 72 * HOUR_MS,
    april,
    { ...april, status: "past_due" },
    nothing,
  ),
  "customer.subscription.updated.cancel_at_period_end": snapshot(
    MID_MARCH,
    { ...silver, cancelAt: APRIL },
    silver,
    nothing,
  ),
  "customer.subscription.updated.collection_paused": snapshot(
    MID_MARCH,
    { ...silver, collectionPaused: true },
    silver,
    nothing,
  ),
  "customer.subscription.updated.trial_converted": snapshot(APRIL + 5000, { ...april, trialEnd: APRIL }, trial, period),
  "customer.subscription.updated.item_removed": snapshot(MID_MARCH, silver, silver, nothing),
  "customer.subscription.deleted": snapshot(MID_MARCH, { ...silver, status: "canceled" }, null, nothing, "deleted"),
  "customer.subscription.paused": snapshot(APRIL + 5000, paused, trial, period),
  "customer.subscription.resumed": snapshot(APRIL + HOUR_MS, { ...paused, status: "active" }, paused, nothing),
  "customer.subscription.trial_will_end": snapshot(APRIL - 72 * HOUR_MS, trial, null, nothing),
  "invoice.paid.create": payment(MARCH + 2000, { ...ofMarch, paidInFull: true }),
  "invoice.paid.trial": payment(MARCH + 2000, ofMarch),
  "invoice.paid.cycle": payment(APRIL + HOUR_MS, { paidInFull: true }),
  "invoice.paid.cycle_from_balance": payment(APRIL + HOUR_MS, {}),
  "invoice.paid.update_proration": payment(MID_MARCH + 2000, {
    purpose: "proration",
    plan: "titanium",
    periodStart: MID_MARCH,
    periodEnd: APRIL,
  }),
  "invoice.paid.interval_switch": payment(MID_MARCH + 2000, {
    purpose: "change",
    interval: "yearly",
    periodStart: MID_MARCH,
    periodEnd: NEXT_MARCH,
  }),
  "invoice.payment_succeeded": payment(APRIL + HOUR_MS, { paidInFull: true }),
  "invoice.payment_failed": payment(APRIL + HOUR_MS, { outcome: "failed" }),
  "invoice.payment_action_required": payment(APRIL + HOUR_MS, { outcome: "failed" }),
};
