/** The taxes, discounts and refunds of invoices. */
import { describe, expect, test } from "vitest";
import { invoicePaymentObject, type StripeObject } from "@/lib/sandbox/event-builders/stripe/events";
import { CUSTOMER, fakeApi, invoice, refusal, STARTED } from "@/tests/support/fake-stripe-api";

const USD = "USD";
const list = (...data: object[]) => ({ object: "list", data, has_more: false });

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

  test("have the refunded amount, from the charge that paid them", async () => {
    const { client, requests } = await fakeApi(
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

  test("are listed without refunds if the key cannot read charges", async () => {
    const { client } = await fakeApi(list(paidBy("in_1", "ch_1")), refusal(403, "invalid_request_error"));
    expect(await client.invoices({ customer: CUSTOMER })).toMatchObject([{ id: "in_1", refunded: null }]);
  });

  test("without a paid one request no charges", async () => {
    const { client, requests } = await fakeApi(list(invoice({ status: "open", amount_paid: 0 })));
    expect(await client.invoices({ customer: CUSTOMER })).toHaveLength(1);
    expect(requests).toHaveLength(1);
  });

  test("have their tax and discount", async () => {
    const taxed = invoice({
      total_taxes: [{ amount: 100 }, { amount: 20 }],
      total_discount_amounts: [{ amount: 400, discount: "di_1" }],
    });
    const { client } = await fakeApi(list(taxed), list());
    expect(await client.invoices({ customer: CUSTOMER })).toMatchObject([
      { tax: { amount: 120, currency: USD }, discount: { amount: 400, currency: USD } },
    ]);
  });
});
