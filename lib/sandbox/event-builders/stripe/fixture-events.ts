/**
 * The events of the fixtures: a user subscribes to Mail Silver on March 1, and every event type follows. A file is
 * named by its event's type, silver a variant if a type has several fixtures.
 */
import type { Price } from "@/lib/config/catalog";
import {
  chargeObject,
  customerObject,
  diff,
  disputeObject,
  event,
  type InvoiceSpec,
  invoiceObject,
  type LineSpec,
  planPrice,
  type SessionSpec,
  type Shape,
  type StripeObject,
  type SubscriptionSpec,
  sessionObject,
  subscriptionObject,
} from "./events";

const seconds = (iso: string) => Date.parse(iso) / 1000;
export const MARCH = seconds("2026-03-01T10:00:00Z");
export const MID_MARCH = seconds("2026-03-16T22:00:00Z");
export const APRIL = seconds("2026-04-01T10:00:00Z");
export const MAY = seconds("2026-05-01T10:00:00Z");
export const NEXT_MARCH = seconds("2027-03-16T22:00:00Z");
const HOUR_SECONDS = 3600;

const mail = (plan: string, interval: Price["interval"]) => planPrice({ product: "mail", plan, interval });
const silver = mail("silver", "monthly");
const titanium = mail("titanium", "monthly");
const bronze = mail("bronze", "monthly");
const silverYearly = mail("silver", "yearly");
const solo = planPrice({ product: "depot", plan: "solo", interval: "monthly" });

/** A price that was created in Stripe's dashboard and that no variable lists. */
const unlisted = { ...titanium, id: "price_unlisted", nickname: "Titanium, negotiated" };

const ITEM = "si_AdaMail";
const item = (price: typeof silver) => [{ id: ITEM, price }];
const both = [...item(silver), { id: "si_AdaDepot", price: solo }];

const BORN: SubscriptionSpec = {
  id: "sub_AdaMail",
  customer: "cus_Ada",
  items: item(silver),
  created: MARCH,
  periodStart: MARCH,
  periodEnd: APRIL,
  latestInvoice: "in_AdaMarch",
  metadata: { user_id: "user_ada" },
};
const RENEWED: SubscriptionSpec = {
  ...BORN,
  periodStart: APRIL,
  periodEnd: MAY,
  latestInvoice: "in_AdaApril",
};
const TRIAL: SubscriptionSpec = { ...BORN, status: "trialing", trialStart: MARCH, trialEnd: APRIL };
const PAUSED: SubscriptionSpec = { ...TRIAL, status: "paused", periodStart: APRIL, periodEnd: MAY };

/** Updates of the subscription; each event has the difference. */
const UPDATES: Record<string, { from: SubscriptionSpec; to: SubscriptionSpec; at: number }> = {
  renewal: { from: BORN, to: RENEWED, at: APRIL + 5 },
  upgrade: { from: BORN, to: { ...BORN, items: item(titanium), latestInvoice: "in_AdaUpgrade" }, at: MID_MARCH },
  plan_change_at_renewal: { from: BORN, to: { ...RENEWED, items: item(bronze) }, at: APRIL + 5 },
  interval_switch: {
    from: BORN,
    to: {
      ...BORN,
      items: item(silverYearly),
      billingCycleAnchor: MID_MARCH,
      periodStart: MID_MARCH,
      periodEnd: NEXT_MARCH,
      latestInvoice: "in_AdaSwitch",
    },
    at: MID_MARCH,
  },
  past_due: { from: RENEWED, to: { ...RENEWED, status: "past_due" }, at: APRIL + HOUR_SECONDS },
  recovered: { from: { ...RENEWED, status: "past_due" }, to: RENEWED, at: APRIL + 72 * HOUR_SECONDS },
  cancel_at_period_end: {
    from: BORN,
    to: {
      ...BORN,
      cancelAtPeriodEnd: true,
      canceledAt: MID_MARCH,
      cancellationReason: "cancellation_requested",
    },
    at: MID_MARCH,
  },
  collection_paused: {
    from: BORN,
    to: { ...BORN, pauseCollection: { behavior: "void", resumes_at: null } },
    at: MID_MARCH,
  },
  trial_converted: { from: TRIAL, to: { ...TRIAL, ...RENEWED, status: "active" }, at: APRIL + 5 },
  item_removed: { from: { ...BORN, items: both }, to: BORN, at: MID_MARCH },
  unknown_price: { from: BORN, to: { ...BORN, items: item(unlisted) }, at: MID_MARCH },
};

const line = (id: string, price: typeof silver, periodStart: number, periodEnd: number): LineSpec => ({
  id,
  item: ITEM,
  price,
  amount: price.unitAmount,
  description: `1 × ${price.nickname}`,
  periodStart,
  periodEnd,
});
const proration = (id: string, price: typeof silver, amount: number, description: string): LineSpec => ({
  ...line(id, price, MID_MARCH, APRIL),
  amount,
  description,
  proration: true,
});
const FIRST: InvoiceSpec = {
  id: "in_AdaMarch",
  customer: BORN.customer,
  subscription: BORN.id,
  metadata: BORN.metadata,
  billingReason: "subscription_create",
  lines: [line("il_AdaMarch", silver, MARCH, APRIL)],
  created: MARCH,
  periodStart: MARCH,
  periodEnd: MARCH,
  status: "paid",
};
const CYCLE: InvoiceSpec = {
  ...FIRST,
  id: "in_AdaApril",
  billingReason: "subscription_cycle",
  lines: [line("il_AdaApril", silver, APRIL, MAY)],
  created: APRIL,
  periodStart: MARCH,
  periodEnd: APRIL,
};
const UNPAID: InvoiceSpec = { ...CYCLE, status: "open", nextPaymentAttempt: APRIL + 72 * HOUR_SECONDS };
const UNUSED_SILVER = proration("il_AdaUnusedSilver", silver, -995, "Unused time on Silver monthly after 16 Mar 2026");

const INVOICES: Record<string, { invoice: InvoiceSpec; at: number }> = {
  "invoice.paid.create": { invoice: FIRST, at: MARCH + 2 },
  "invoice.paid.trial": {
    invoice: {
      ...FIRST,
      lines: [{ ...line("il_AdaMarch", silver, MARCH, APRIL), amount: 0, description: "Trial period for Silver" }],
    },
    at: MARCH + 2,
  },
  "invoice.paid.cycle": { invoice: CYCLE, at: APRIL + HOUR_SECONDS },
  "invoice.paid.cycle_from_balance": { invoice: { ...CYCLE, startingBalance: -500 }, at: APRIL + HOUR_SECONDS },
  "invoice.paid.update_proration": {
    invoice: {
      ...FIRST,
      id: "in_AdaUpgrade",
      billingReason: "subscription_update",
      lines: [
        UNUSED_SILVER,
        proration("il_AdaTitanium", titanium, 1990, "Remaining time on Titanium monthly after 16 Mar 2026"),
      ],
      created: MID_MARCH,
      periodStart: MARCH,
      periodEnd: MID_MARCH,
    },
    at: MID_MARCH + 2,
  },
  "invoice.paid.interval_switch": {
    invoice: {
      ...FIRST,
      id: "in_AdaSwitch",
      billingReason: "subscription_update",
      lines: [UNUSED_SILVER, line("il_AdaYear", silverYearly, MID_MARCH, NEXT_MARCH)],
      created: MID_MARCH,
      periodStart: MARCH,
      periodEnd: MID_MARCH,
    },
    at: MID_MARCH + 2,
  },
  "invoice.payment_succeeded": { invoice: CYCLE, at: APRIL + HOUR_SECONDS },
  "invoice.payment_failed": { invoice: UNPAID, at: APRIL + HOUR_SECONDS },
  "invoice.payment_action_required": { invoice: UNPAID, at: APRIL + HOUR_SECONDS },
};

const SESSION: SessionSpec = {
  id: "cs_test_AdaCheckout",
  customer: BORN.customer,
  subscription: BORN.id,
  invoice: FIRST.id,
  amount: silver.unitAmount,
  created: MARCH - 60,
  metadata: BORN.metadata,
};
const CHARGE = {
  id: "ch_AdaMarch",
  customer: BORN.customer,
  invoice: FIRST.id,
  amount: silver.unitAmount,
  created: MARCH,
};
const DISPUTE = { id: "du_AdaMarch", charge: CHARGE.id, amount: CHARGE.amount, created: MID_MARCH };

/** Events name the coupon and the promotion code by their ids; before clover they contained the whole coupon. */
const discount = (shape: Shape, deleted = false): StripeObject => ({
  id: "di_Ada",
  object: "discount",
  checkout_session: null,
  ...(shape === "basil"
    ? { source: { coupon: "spring20", type: "coupon" }, customer_account: null }
    : {
        coupon: { id: "spring20", object: "coupon", name: "Spring", percent_off: 20, amount_off: null, currency: null },
      }),
  customer: BORN.customer,
  ...(deleted && { deleted: true }),
  end: NEXT_MARCH,
  invoice: null,
  invoice_item: null,
  promotion_code: "promo_Spring",
  start: MARCH,
  subscription: BORN.id,
  ...(shape === "basil" && { subscription_item: null }),
});

/** Events that change no entitlement: links and notes. */
const notes = (shape: Shape): Record<string, { of: StripeObject; at: number; previous?: StripeObject }> => {
  const refunded = chargeObject({ ...CHARGE, refunded: 500 }, shape);
  return {
    "checkout.session.completed": { of: sessionObject(SESSION, shape), at: MARCH + 1 },
    "checkout.session.async_payment_succeeded": { of: sessionObject(SESSION, shape), at: MARCH + 5 },
    "checkout.session.async_payment_failed": {
      of: { ...sessionObject(SESSION, shape), payment_status: "unpaid" },
      at: MARCH + 5,
    },
    "customer.discount.created": { of: discount(shape), at: MARCH },
    "customer.discount.updated": { of: discount(shape), at: MID_MARCH, previous: { end: APRIL } },
    "customer.discount.deleted": { of: discount(shape, true), at: MID_MARCH },
    "charge.refunded": { of: refunded, at: MID_MARCH, previous: diff(chargeObject(CHARGE, shape), refunded) },
    "charge.dispute.created": { of: disputeObject({ ...DISPUTE, status: "needs_response" }, shape), at: MID_MARCH },
    "charge.dispute.closed": { of: disputeObject({ ...DISPUTE, status: "lost" }, shape), at: APRIL },
    "customer.deleted": { of: customerObject({ id: BORN.customer, created: MARCH - 60 }), at: MAY },
  };
};

/** The events in one shape, by file name without `.json`. */
export function fixtureEvents(shape: Shape): Record<string, StripeObject> {
  const object = (spec: SubscriptionSpec) => subscriptionObject(spec, shape);
  const life = "customer.subscription";
  const as = (name: string, of: StripeObject, created: number, previous?: StripeObject) => {
    const [, type = name] = /^((?:customer\.subscription|invoice)\.[a-z_]+)/.exec(name) ?? [];
    return { [name]: event(type, of, previous, { id: `evt_${name.replaceAll(".", "_")}`, created, shape }) };
  };
  const updated = Object.entries(UPDATES).map(([variant, { from, to, at }]) =>
    as(`${life}.updated.${variant}`, object(to), at, diff(object(from), object(to))),
  );
  const invoices = Object.entries(INVOICES).map(([name, { invoice, at }]) =>
    as(name, invoiceObject(invoice, shape), at),
  );
  const others = Object.entries(notes(shape)).map(([name, { of, at, previous }]) => as(name, of, at, previous));
  const ended: SubscriptionSpec = {
    ...BORN,
    status: "canceled",
    canceledAt: MID_MARCH,
    endedAt: MID_MARCH,
    cancellationReason: "cancellation_requested",
  };
  const resumed: SubscriptionSpec = { ...PAUSED, status: "active" };
  return Object.assign(
    {},
    as(`${life}.created`, object(BORN), MARCH),
    as(`${life}.created.trial`, object(TRIAL), MARCH),
    as(`${life}.created.two_products`, object({ ...BORN, items: both }), MARCH),
    as(`${life}.deleted`, object(ended), MID_MARCH),
    as(`${life}.paused`, object(PAUSED), APRIL + 5, diff(object(TRIAL), object(PAUSED))),
    as(`${life}.resumed`, object(resumed), APRIL + HOUR_SECONDS, diff(object(PAUSED), object(resumed))),
    as(`${life}.trial_will_end`, object(TRIAL), APRIL - 72 * HOUR_SECONDS),
    ...updated,
    ...invoices,
    ...others,
  );
}
