import { describe, expect, test } from "vitest";
import { CUSTOMER, fakeApi, refusal, totals, transaction } from "@/tests/support/fake-paddle-api";

const page = (data: object[], hasMore = false) => ({
  data,
  meta: { pagination: { per_page: 30, next: "https://elsewhere.example/transactions?after=x", has_more: hasMore } },
});
const ids = (from: number, count: number) => Array.from({ length: count }, (_, index) => `txn_${from + index}`);

describe("invoices", () => {
  test("are one customer's billed transactions, newest first", async () => {
    const { client, requests } = await fakeApi(page([]));
    expect(await client.invoices({ customer: CUSTOMER })).toEqual([]);
    expect(requests).toMatchObject([{ method: "GET", path: "/transactions" }]);
    expect(requests[0]?.query).toEqual({
      customer_id: CUSTOMER,
      status: "completed,paid,billed,past_due,canceled",
      order_by: "id[DESC]",
      per_page: "30",
      include: "adjustments_totals",
    });
  });

  test.each([
    ["completed", "paid"],
    ["paid", "paid"],
    ["billed", "open"],
    ["past_due", "open"],
    ["canceled", "void"],
  ])("of a transaction that is %s are %s", async (status, expected) => {
    const { client } = await fakeApi(page([transaction("txn_1", { status })]));
    expect(await client.invoices({ customer: CUSTOMER })).toEqual([
      {
        id: "txn_1",
        number: "123-45678",
        at: Date.UTC(2026, 10, 1, 10, 0, 1, 123),
        total: { amount: 1999, currency: "USD" },
        status: expected,
        url: null,
        pdf: null,
      },
    ]);
  });

  describe("with tax, discount and refunds", () => {
    const paidBack = (refund: string, chargeback: string) => ({
      subtotal: "0",
      tax: "0",
      total: "9999",
      fee: "0",
      earnings: "0",
      breakdown: { credit: "7777", refund, chargeback },
      currency_code: "EUR",
    });
    const details = (over: object) => ({
      details: { tax_rates_used: [], line_items: [], totals: { ...totals("1799"), currency_code: "EUR", ...over } },
    });
    const read = async (over: object) => {
      const { client, requests } = await fakeApi(page([transaction("txn_1", over)]));
      const [invoice] = await client.invoices({ customer: CUSTOMER });
      expect(requests).toHaveLength(1);
      return invoice;
    };

    test("have each amount in the currency of the total", async () => {
      const adjustments_totals = paidBack("500", "300");
      expect(await read({ ...details({ tax: "300", discount: "167" }), adjustments_totals })).toMatchObject({
        total: { amount: 1799, currency: "EUR" },
        tax: { amount: 300, currency: "EUR" },
        discount: { amount: 167, currency: "EUR" },
        refunded: { amount: 800, currency: "EUR" },
      });
    });

    test("have no refund after a won chargeback", async () => {
      expect(await read({ ...details({}), adjustments_totals: paidBack("0", "0") })).not.toHaveProperty("refunded");
    });

    test("have no refunds if the key cannot read adjustments", async () => {
      const invoice = await read(details({}));
      for (const field of ["refunded", "tax", "discount"]) expect(invoice).not.toHaveProperty(field);
    });

    test("are an error if an amount is not a whole number", async () => {
      const { client } = await fakeApi(page([transaction("txn_1", details({ tax: "1.5" }))]));
      await expect(client.invoices({ customer: CUSTOMER })).rejects.toMatchObject({ code: "unreadable" });
    });
  });

  test("that are not billed yet have no number, and the day of the transaction", async () => {
    const { client } = await fakeApi(page([transaction("txn_1", { invoice_number: null, billed_at: null })]));
    expect(await client.invoices({ customer: CUSTOMER })).toMatchObject([
      { number: null, at: Date.UTC(2026, 10, 1, 10, 0, 0, 900) },
    ]);
  });

  test("belong to the given subscriptions only; without subscriptions there are none", async () => {
    const { client, requests } = await fakeApi(page([transaction("txn_1")]));
    expect(await client.invoices({ subscriptions: [] })).toEqual([]);
    expect(requests).toEqual([]);
    expect(await client.invoices({ subscriptions: ["sub_1", "sub_2"] })).toHaveLength(1);
    expect(requests[0]?.query).toMatchObject({ subscription_id: "sub_1,sub_2" });
    expect(requests[0]?.query).not.toHaveProperty("customer_id");
    await expect(client.invoices({ subscriptions: ["sub_1,sub_9"] })).rejects.toMatchObject({ code: "malformed_id" });
  });

  test("are sorted by the day of billing, newest first", async () => {
    const { client } = await fakeApi(
      page([transaction("txn_2"), transaction("txn_1", { billed_at: "2026-11-09T00:00:00Z" })]),
    );
    expect((await client.invoices({ customer: CUSTOMER })).map(({ id }) => id)).toEqual(["txn_1", "txn_2"]);
  });

  test("do not include drafts and card changes", async () => {
    const card = transaction("txn_1", { origin: "subscription_payment_method_change" });
    const { client } = await fakeApi(page([card, transaction("txn_2", { status: "draft" })]));
    expect(await client.invoices({ customer: CUSTOMER })).toEqual([]);
  });

  test("are a hundred at most, page by page, and never from an address in the answer", async () => {
    const pages = [0, 30, 60, 90, 120].map((from) =>
      page(
        ids(from, 30).map((id) => transaction(id)),
        true,
      ),
    );
    const { client, requests } = await fakeApi(...pages);
    const invoices = await client.invoices({ customer: CUSTOMER });
    expect(invoices.map(({ id }) => id)).toEqual(ids(0, 100));
    expect(requests.map(({ query }) => query.after)).toEqual([undefined, "txn_29", "txn_59", "txn_89"]);
  });

  test("end with an empty page, independent of its `has_more`", async () => {
    const { client, requests } = await fakeApi(page([], true), page([transaction("txn_1")]));
    expect(await client.invoices({ customer: CUSTOMER })).toEqual([]);
    expect(requests).toHaveLength(1);
  });

  test.each([
    ["no totals", { details: null }],
    ["a total that is no whole number", { details: { tax_rates_used: [], totals: totals("19.99"), line_items: [] } }],
    ["no instant", { billed_at: "yesterday" }],
    ["no currency", { details: { tax_rates_used: [], totals: totals("1", { currency_code: "usd" }), line_items: [] } }],
  ])("with %s are an unreadable answer", async (_, over) => {
    const { client } = await fakeApi(page([transaction("txn_1", over)]));
    await expect(client.invoices({ customer: CUSTOMER })).rejects.toMatchObject({
      problem: "unavailable",
      code: "unreadable",
    });
  });
});

describe("an invoice's PDF", () => {
  test("is the link to the file", async () => {
    const { client, requests } = await fakeApi({ data: { url: "https://paddle-invoices.example/1.pdf?X-Amz=1" } });
    expect(await client.invoicePdf("txn_1")).toBe("https://paddle-invoices.example/1.pdf?X-Amz=1");
    expect(requests).toMatchObject([{ method: "GET", path: "/transactions/txn_1/invoice" }]);
  });

  test.each([
    ["past due", { status: "past_due" }],
    ["paid and not completed", { status: "paid" }],
    ["billed to a card", { status: "billed" }],
    ["free", { details: { tax_rates_used: [], totals: totals("0"), line_items: [] } }],
  ])("is null if the transaction is %s", async (_, over) => {
    const { client } = await fakeApi(refusal(400, "some_refusal"), { data: transaction("txn_1", over) });
    expect(await client.invoicePdf("txn_1")).toBeNull();
  });

  test("is an error after a refusal for another reason", async () => {
    const { client } = await fakeApi(refusal(403, "forbidden"), { data: transaction("txn_1") });
    await expect(client.invoicePdf("txn_1")).rejects.toMatchObject({ problem: "invalid", code: "forbidden" });
  });

  test("is not requested again if Paddle cannot answer", async () => {
    const { client, requests } = await fakeApi(refusal(500, "internal_error"), { data: transaction("txn_1") });
    await expect(client.invoicePdf("txn_1")).rejects.toMatchObject({ problem: "unavailable" });
    expect(requests).toHaveLength(1);
  });

  test("is not found without an invoice", async () => {
    const { client } = await fakeApi(refusal(404, "not_found"), refusal(404, "not_found"));
    await expect(client.invoicePdf("txn_1")).rejects.toMatchObject({ problem: "not_found", code: "not_found" });
  });
});
