/** The cost of a plan change, as Stripe previews it. */
import { describe, expect, test } from "vitest";
import type { StripeObject } from "@/lib/sandbox/event-builders/stripe/events";
import {
  fakeApi,
  invoice,
  price,
  RENEWS,
  refusal,
  STARTED,
  SUBSCRIPTION,
  subscription,
} from "@/tests/support/fake-stripe-api";
import type { PlanChange } from "../processor-client";

const USD = "USD";
const TITANIUM = "price_mail_titanium_monthly";
const upgrade: PlanChange = { subscription: SUBSCRIPTION, priceId: TITANIUM, timing: "now" };
const downgrade: PlanChange = { subscription: SUBSCRIPTION, priceId: "price_mail_bronze_monthly", timing: "renewal" };
const PATH = `/v1/subscriptions/${SUBSCRIPTION}`;
const CARD = { collection: "card", collectionDays: null };
const MONTH = RENEWS - STARTED;
const YEAR_AFTER = RENEWS + 334 * 86_400;

const coupon = (over: StripeObject = {}) => ({
  id: "spring20",
  object: "coupon",
  name: "Spring",
  percent_off: 20,
  amount_off: null,
  currency: null,
  duration: "forever",
  ...over,
});
const discount = (over: StripeObject = {}) => ({
  id: "di_1",
  object: "discount",
  promotion_code: { id: "promo_1", object: "promotion_code", code: "SPRING" },
  source: { type: "coupon", coupon: coupon() },
  end: null,
  ...over,
});
const lines = (...data: { amount: number; start: number; end: number }[]) => ({
  object: "list",
  data: data.map(({ amount, start, end }) => ({ amount, period: { start, end } })),
  has_more: false,
});

test("the preview of an immediate change has today's charge after credit, and the next charge", async () => {
  const { client, requests } = await fakeApi(
    subscription(),
    invoice({ id: undefined, amount_due: 1_250, total: 1_300 }),
    invoice({ id: undefined, total: 3_999 }),
  );
  expect(await client.preview(upgrade)).toEqual({
    ...CARD,
    dueNow: { amount: 1_250, currency: USD },
    tax: null,
    discount: null,
    discounts: [],
    nextCharge: { amount: 3_999, currency: USD, at: RENEWS * 1000 },
  });
  expect(requests.map(({ request }) => request)).toEqual([
    `GET ${PATH}`,
    "POST /v1/invoices/create_preview",
    "POST /v1/invoices/create_preview",
  ]);
  expect(Object.values(requests[0]?.fields ?? {})).toEqual([
    "default_payment_method",
    "customer.invoice_settings.default_payment_method",
    "discounts.source.coupon",
    "discounts.promotion_code",
  ]);
  expect(requests[1]?.fields).toEqual({
    subscription: SUBSCRIPTION,
    preview_mode: "next",
    "subscription_details[items][0][id]": "si_silver",
    "subscription_details[items][0][price]": TITANIUM,
    "subscription_details[items][0][quantity]": "1",
    "subscription_details[proration_behavior]": "always_invoice",
  });
  expect(requests[2]?.fields).toMatchObject({ preview_mode: "recurring" });
  expect(requests[2]?.fields).not.toHaveProperty("discounts");
});

describe("the next charge", () => {
  const yearly = { ...upgrade, priceId: "price_mail_silver_yearly" };

  test("is charged when the new year ends", async () => {
    const charged = lines({ amount: 19_990, start: STARTED, end: YEAR_AFTER });
    const { client } = await fakeApi(subscription(), invoice({ lines: charged }), invoice({ total: 19_990 }));
    expect((await client.preview(yearly)).nextCharge).toEqual({
      amount: 19_990,
      currency: USD,
      at: YEAR_AFTER * 1000,
    });
  });

  test("is charged when the new month ends, although the credit is for a year", async () => {
    const now = STARTED + 10 * 86_400;
    const paidYear = subscription(
      {},
      { items: [{ id: "si_silver", price: price("bronze", "yearly") }], periodEnd: YEAR_AFTER },
    );
    const charged = lines(
      { amount: -9_000, start: now, end: YEAR_AFTER },
      { amount: 3_999, start: now, end: now + MONTH },
    );
    const { client } = await fakeApi(paidYear, invoice({ amount_due: 0, lines: charged }), invoice({ total: 3_999 }));
    expect(await client.preview(upgrade)).toMatchObject({ nextCharge: { amount: 3_999, at: (now + MONTH) * 1000 } });
  });
});

test.each([
  ["the same interval", TITANIUM],
  ["another interval", "price_mail_titanium_yearly"],
])("in a trial nothing is due now, and the new price is due at the trial's end: %s", async (_, priceId) => {
  const { client, requests } = await fakeApi(subscription({ status: "trialing" }), invoice({ total: 3_999 }));
  expect(await client.preview({ ...upgrade, priceId })).toMatchObject({
    dueNow: null,
    nextCharge: { amount: 3_999, at: RENEWS * 1000 },
  });
  expect(requests).toHaveLength(2);
});

test("a change at the renewal has nothing due now", async () => {
  const { client, requests } = await fakeApi(subscription(), invoice({ total: 999 }));
  expect(await client.preview(downgrade)).toEqual({
    ...CARD,
    dueNow: null,
    discounts: [],
    nextCharge: { amount: 999, currency: USD, at: RENEWS * 1000 },
  });
  expect(requests).toHaveLength(2);
});

test("nothing is due with a remaining credit; a subscription that ends has no next charge", async () => {
  const { client } = await fakeApi(
    subscription({ cancel_at_period_end: true }),
    invoice({ amount_due: 0, total: -300 }),
  );
  expect(await client.preview(upgrade)).toEqual({ ...CARD, dueNow: null, discounts: [], nextCharge: null });
});

test.each([[null], ["1250"], [12.5]])("the amount %j is an unreadable answer", async (amount_due) => {
  const { client } = await fakeApi(
    subscription(),
    invoice({ amount_due: 5, total: amount_due }),
    invoice({ total: amount_due }),
  );
  await expect(client.preview(upgrade)).rejects.toMatchObject({ problem: "unavailable", code: "unreadable" });
});

describe("a change that waits for its payment", () => {
  const waiting = (priceId: string) =>
    subscription({
      pending_update: { expires_at: RENEWS, subscription_items: [{ id: "si_silver", price: { id: priceId } }] },
      latest_invoice: "in_waiting",
    });

  test("costs the amount of its invoice", async () => {
    const open = invoice({ id: "in_waiting", status: "open", amount_due: 1_777 });
    const { client, requests } = await fakeApi(waiting(TITANIUM), open, invoice({ total: 3_999 }));
    expect(await client.preview(upgrade)).toMatchObject({ dueNow: { amount: 1_777 }, nextCharge: { amount: 3_999 } });
    expect(requests[1]?.request).toBe("GET /v1/invoices/in_waiting");
  });

  test.each([
    ["does not affect the preview of a change to another price", waiting("price_other"), []],
    ["does not affect the preview after its invoice was voided", waiting(TITANIUM), [invoice({ status: "void" })]],
  ])("%s", async (_, subscribed, read) => {
    const { client } = await fakeApi(subscribed, ...read, invoice({ amount_due: 1_250 }), invoice({ total: 3_999 }));
    expect(await client.preview(upgrade)).toMatchObject({ dueNow: { amount: 1_250 } });
  });
});

describe("the preview's taxes and discounts", () => {
  const recurringDiscounts = (fields: Record<string, string> = {}) =>
    Object.entries(fields).filter(([name]) => name.startsWith("discounts"));

  test("are part of the amount due now", async () => {
    const { client } = await fakeApi(
      subscription({ discounts: [discount({ end: RENEWS + 1 })] }),
      invoice({
        amount_due: 1_904,
        total_taxes: [{ amount: 304 }],
        total_discount_amounts: [{ amount: 400, discount: "di_1" }],
      }),
      invoice({ total: 3_807 }),
    );
    expect(await client.preview(upgrade)).toMatchObject({
      dueNow: { amount: 1_904, currency: USD },
      tax: { amount: 304, currency: USD },
      discount: { amount: 400, currency: USD },
      discounts: [
        { id: "spring20", name: "Spring", code: "SPRING", off: { percent: 20 }, endsAt: (RENEWS + 1) * 1000 },
      ],
    });
  });

  test("at the renewal include the discounts that continue, also an amount without a code", async () => {
    const off = { percent_off: null, amount_off: 500, currency: "usd", name: null };
    const granted = discount({ promotion_code: null, source: { type: "coupon", coupon: coupon(off) } });
    const { client } = await fakeApi(subscription({ discounts: [granted] }), invoice());
    const { discounts } = await client.preview(downgrade);
    expect(discounts).toEqual([
      { id: "spring20", name: null, code: null, off: { amount: 500, currency: USD }, endsAt: null },
    ]);
  });

  test("exclude a discount that ends before the next charge", async () => {
    const ends = discount({ end: RENEWS });
    const alone = await fakeApi(subscription({ discounts: [ends] }), invoice());
    expect((await alone.client.preview(downgrade)).discounts).toEqual([]);
    expect(recurringDiscounts(alone.requests[1]?.fields)).toEqual([["discounts", ""]]);
    const both = await fakeApi(subscription({ discounts: [ends, discount({ id: "di_2" })] }), invoice());
    expect((await both.client.preview(downgrade)).discounts).toHaveLength(1);
    expect(recurringDiscounts(both.requests[1]?.fields)).toEqual([["discounts[0][discount]", "di_2"]]);
  });

  test("include a discount for one charge only if nothing is charged now", async () => {
    const once = discount({ source: { type: "coupon", coupon: coupon({ duration: "once" }) } });
    const now = await fakeApi(subscription({ discounts: [once] }), invoice(), invoice());
    expect((await now.client.preview(upgrade)).discounts).toEqual([]);
    expect(recurringDiscounts(now.requests[2]?.fields)).toEqual([["discounts", ""]]);
    const later = await fakeApi(subscription({ discounts: [once] }), invoice());
    expect((await later.client.preview(downgrade)).discounts).toHaveLength(1);
    expect(recurringDiscounts(later.requests[1]?.fields)).toEqual([]);
  });

  test("lack the discounts' names if the key cannot read coupons", async () => {
    const refused = refusal(403, "invalid_request_error");
    const named = await fakeApi(refused, subscription({ discounts: ["di_1"] }), invoice({ total: 799 }));
    expect(await named.client.preview(downgrade)).toMatchObject({ discounts: [], nextCharge: { amount: 799 } });
    expect(recurringDiscounts(named.requests[2]?.fields)).toEqual([]);
  });

  test.each([
    ["of the change", [{ status: "requires_location_inputs" }, {}]],
    ["of the next period", [{}, { status: "requires_location_inputs" }]],
  ])("are an error without an address for the tax: %s", async (_, [now = {}, next = {}]) => {
    const taxed = (over: object) => invoice({ automatic_tax: { enabled: true, status: "complete", ...over } });
    const { client } = await fakeApi(subscription(), taxed(now), taxed(next));
    await expect(client.preview(upgrade)).rejects.toMatchObject({ problem: "no_tax_address" });
  });
});
