/** Controls: the types refuse each wrong value and accept each right one. */
import { beforeAll, describe, expect, test } from "vitest";
import { listed } from "./problem";
import { type TypedValue, typeProblems } from "./sdk-types";

const UPDATE = 'Arguments<Stripe["subscriptions"]["update"]>';
const CHECKOUT = 'Arguments<Stripe["checkout"]["sessions"]["create"]>';
const SCHEDULE = 'Arguments<Stripe["subscriptionSchedules"]["update"]>';
const TRANSACTION = 'Arguments<paddle.Paddle["transactions"]["create"]>';
const PORTAL = 'Answer<Stripe["billingPortal"]["sessions"]["create"]>';

const portal = {
  id: "bps_1",
  object: "billing_portal.session",
  configuration: "bpc_1",
  created: 1,
  customer: "cus_1",
  customer_account: null,
  flow: null,
  livemode: false,
  locale: null,
  on_behalf_of: null,
  return_url: null,
  url: "https://billing.stripe.com/p/session/1",
};
const { url: _, ...portalWithoutUrl } = portal;

const subscriptionChange = { id: "scheduled", action: "cancel", effective_at: "2026-01-01T00:00:00Z", resume_at: null };

const phase = { items: [{ price: "price_1", quantity: 1 }] };

/** Name, type, value, and the problem; null for a right value. */
const CONTROLS: readonly [of: string, type: string, value: unknown, problem: RegExp | null][] = [
  ["a right update", UPDATE, ["sub_1", { items: [{ id: "si_1", price: "p" }], proration_behavior: "none" }, {}], null],
  ["an unknown parameter", UPDATE, ["sub_1", { proration_mode: "none" }], /\[\]\.proration_mode: .*does not exist/],
  ["an unknown nested parameter", UPDATE, ["sub_1", { items: [{ plan_id: "p" }] }], /\.items\[\]\.plan_id/],
  ["a wrong enum", UPDATE, ["sub_1", { payment_behavior: "pending" }], /\.payment_behavior: .*"pending"/],
  ["a wrong type", UPDATE, ["sub_1", { cancel_at_period_end: "true" }], /\.cancel_at_period_end/],
  ["a right schedule", SCHEDULE, ["sub_sched_1", { phases: [phase] }], null],
  ["a removed parameter: iterations", SCHEDULE, ["s", { phases: [{ ...phase, iterations: 1 }] }], /\.iterations/],
  ["a removed value: ui_mode hosted", CHECKOUT, [{ mode: "subscription", ui_mode: "hosted" }], /\.ui_mode: .*"hosted"/],
  ["a removed parameter: payment_method_types", CHECKOUT, [{ payment_method_types: ["card"] }], /payment_method_types/],
  [
    "a missing required parameter",
    'Arguments<Stripe["subscriptions"]["migrate"]>',
    ["s", {}],
    /'billing_mode' is miss/,
  ],
  ["an unknown option", UPDATE, ["sub_1", {}, { idempotency: "k" }], /\.idempotency/],
  ["a right object", PORTAL, portal, null],
  ["an object without a required field", PORTAL, portalWithoutUrl, /'url' is missing/],
  ["an unknown field in an object", PORTAL, { ...portal, secret: "x" }, /\.secret/],
  ["an object with a wrong type", PORTAL, { ...portal, created: "now" }, /\.created/],
  ["an unknown event", 'StripeEvent<"invoice.payed">', {}, /never/],
  ["an event without data", 'StripeEvent<"invoice.paid">', { id: "evt_1", type: "invoice.paid" }, /missing/],
  ["a wrong enum in a change", "Changed<Stripe.Subscription>", { status: "activ" }, /\.status/],
  ["a changed key of a hash", "Changed<Stripe.Subscription>", { cancellation_details: { reason: null } }, null],
  ["a right transaction", TRANSACTION, [{ items: [{ priceId: "pri_1", quantity: 1 }] }], null],
  ["an unknown field for Paddle", TRANSACTION, [{ items: [], price: "pri_1" }], /\.price/],
  ["a missing field for Paddle", TRANSACTION, [{ items: [{ priceId: "pri_1" }] }], /'quantity'|assignable/],
  ["a wrong enum for Paddle", TRANSACTION, [{ items: [], collectionMode: "card" }], /\.collectionMode/],
  ["an object of Paddle", "Read<typeof paddle.SubscriptionScheduledChange>", subscriptionChange, /\.id/],
  ["an unknown event of Paddle", 'PaddleEvent<"subscription.renewed">', {}, /never/],
  ["an event of Paddle without data", 'PaddleEvent<"subscription.updated">', { event_id: "evt_1" }, /missing/],
];

let found: string[] = [];
beforeAll(async () => {
  const values = CONTROLS.map(([of, type, value]): TypedValue => ({ of: `«${of}»`, type, value }));
  found = listed(await typeProblems(values));
});

describe("the SDKs' types", () => {
  test.each(CONTROLS)("%s", (of, _type, _value, problem) => {
    const own = found.filter((each) => each.startsWith(`«${of}»`));
    if (problem === null) expect(own).toEqual([]);
    else expect(own).toEqual(expect.arrayContaining([expect.stringMatching(problem)]));
  });
});
