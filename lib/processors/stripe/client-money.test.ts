/** Taxes, discounts and refunds as previews and invoices show them. */
import { describe, expect, test } from "vitest";
import { CUSTOMER, invoice, playedApi, RENEWS, refusal, STARTED, SUBSCRIPTION, subscription } from "./client-testing";
import { invoicePaymentObject, type StripeObject } from "./events";

const USD = "USD";
const upgrade = { subscription: SUBSCRIPTION, priceId: "price_writer_ultra_monthly", timing: "now" } as const;
const list = (...data: object[]) => ({ object: "list", data, has_more: false });

const coupon = (over: StripeObject = {}) => ({
  id: "spring20",
  object: "coupon",
  name: "Spring",
  percent_off: 20,
  amount_off: null,
  currency: null,
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

describe("a preview", () => {
  test("has the tax and the discount of what is due now", async () => {
    const { client } = await playedApi(
      subscription(),
      invoice({
        amount_due: 1_904,
        total_taxes: [{ amount: 304 }],
        total_discount_amounts: [{ amount: 400, discount: "di_1" }],
        discounts: [discount({ end: RENEWS })],
      }),
      invoice({ total: 3_807 }),
    );
    expect(await client.preview(upgrade)).toMatchObject({
      dueNow: { amount: 1_904, currency: USD },
      tax: { amount: 304, currency: USD },
      discount: { amount: 400, currency: USD },
      discounts: [{ id: "spring20", name: "Spring", code: "SPRING", off: { percent: 20 }, endsAt: RENEWS * 1000 }],
    });
  });

  test("at the renewal names the discounts that go on, also an amount without a code", async () => {
    const off = { percent_off: null, amount_off: 500, currency: "usd", name: null };
    const granted = discount({ promotion_code: null, source: { type: "coupon", coupon: coupon(off) } });
    const { client } = await playedApi(subscription(), invoice({ discounts: [granted] }));
    const { discounts } = await client.preview({ ...upgrade, timing: "renewal" });
    expect(discounts).toEqual([
      { id: "spring20", name: null, code: null, off: { amount: 500, currency: USD }, endsAt: null },
    ]);
  });

  test.each([
    ["of the change", [{ status: "requires_location_inputs" }, {}]],
    ["of the next period", [{}, { status: "requires_location_inputs" }]],
  ])("without an address is no tax of 0: %s", async (_, [now = {}, next = {}]) => {
    const taxed = (over: object) => invoice({ automatic_tax: { enabled: true, status: "complete", ...over } });
    const { client } = await playedApi(subscription(), taxed(now), taxed(next));
    await expect(client.preview(upgrade)).rejects.toMatchObject({ problem: "no_tax_address" });
  });

  test("that names a discount by its id only cannot be read", async () => {
    const { client } = await playedApi(subscription(), invoice({ discounts: ["di_1"] }), invoice());
    await expect(client.preview(upgrade)).rejects.toMatchObject({ problem: "unavailable", code: "unreadable" });
  });
});

describe("invoices", () => {
  const paidBy = (id: string, charge: string, over: StripeObject = {}) =>
    invoice({
      id,
      payments: list(invoicePaymentObject({ charge, invoice: id, amount: 1_999, created: STARTED })),
      ...over,
    });
  const charge = (id: string, refunded: number) => ({
    id,
    object: "charge",
    payment_intent: `pi_${id.slice(3)}`,
    amount_refunded: refunded,
  });

  test("say what was paid back, by the charge that paid them", async () => {
    const { client, requests } = await playedApi(
      list(
        paidBy("in_1", "ch_1"),
        paidBy("in_2", "ch_2"),
        paidBy("in_3", "ch_3", { post_payment_credit_notes_amount: 300 }),
      ),
      list(charge("ch_1", 700), charge("ch_2", 0), charge("ch_3", 200)),
    );
    const invoices = await client.invoices({ customer: CUSTOMER });
    expect(Object.fromEntries(invoices.map(({ id, refunded }) => [id, refunded]))).toEqual({
      in_1: { amount: 700, currency: USD },
      in_2: null,
      in_3: { amount: 300, currency: USD },
    });
    expect(requests[0]?.fields).toMatchObject({ "expand[0]": "data.payments" });
    expect(requests[1]).toMatchObject({ request: "GET /v1/charges", fields: { customer: CUSTOMER } });
  });

  test("are listed without refunds if the key may not read charges", async () => {
    const { client } = await playedApi(list(paidBy("in_1", "ch_1")), refusal(403, "invalid_request_error"));
    expect(await client.invoices({ customer: CUSTOMER })).toMatchObject([{ id: "in_1", refunded: null }]);
  });

  test("of which none is paid ask for no charges", async () => {
    const { client, requests } = await playedApi(list(invoice({ status: "open", amount_paid: 0 })));
    expect(await client.invoices({ customer: CUSTOMER })).toHaveLength(1);
    expect(requests).toHaveLength(1);
  });

  test("have their tax and discount", async () => {
    const taxed = invoice({
      total_taxes: [{ amount: 100 }, { amount: 20 }],
      total_discount_amounts: [{ amount: 400, discount: "di_1" }],
    });
    const { client } = await playedApi(list(taxed), list());
    expect(await client.invoices({ customer: CUSTOMER })).toMatchObject([
      { tax: { amount: 120, currency: USD }, discount: { amount: 400, currency: USD } },
    ]);
  });
});
