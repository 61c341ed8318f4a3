import { describe, expect, test } from "vitest";
import {
  ANSWERED_AT,
  CUSTOMER,
  fakeApi,
  invoice,
  price,
  RENEWS,
  STARTED,
  SUBSCRIPTION,
  subscription,
} from "@/tests/support/fake-stripe-api";

const PATH = `/v1/subscriptions/${SUBSCRIPTION}`;

describe("the request for", () => {
  type Method = "end" | "endNow" | "keep" | "unpause";
  test.each<[string, Method, object, string[], object]>([
    [
      "a cancellation at the period's end",
      "end",
      {},
      [`GET ${PATH}`, `POST ${PATH}`],
      { cancel_at_period_end: "true" },
    ],
    ["an immediate cancellation", "endNow", {}, [`GET ${PATH}`, `DELETE ${PATH}`], {}],
    ["a cancellation of an ended subscription", "end", { status: "canceled" }, [`GET ${PATH}`], {}],
    [
      "an undone cancellation",
      "keep",
      { cancel_at_period_end: true },
      [`GET ${PATH}`, `POST ${PATH}`],
      { cancel_at_period_end: "false" },
    ],
    [
      "an undone cancellation on a date",
      "keep",
      { cancel_at: RENEWS },
      [`GET ${PATH}`, `POST ${PATH}`],
      { cancel_at: "" },
    ],
    ["an undone cancellation without a scheduled end", "keep", {}, [`GET ${PATH}`], {}],
    [
      "a collection after its pause",
      "unpause",
      { pause_collection: { behavior: "void" } },
      [`GET ${PATH}`, `POST ${PATH}`],
      { pause_collection: "" },
    ],
    [
      "a resumption",
      "unpause",
      { status: "paused" },
      [`GET ${PATH}`, `POST ${PATH}/resume`],
      { "billing_cycle_anchor[type]": "now" },
    ],
    ["a resumption of an active subscription", "unpause", {}, [`GET ${PATH}`], {}],
  ])("%s", async (_, method, over, expected, fields) => {
    const { client, requests } = await fakeApi(subscription(over as Record<string, unknown>), subscription());
    if (method === "end") await client.cancel(SUBSCRIPTION, "period_end");
    if (method === "endNow") await client.cancel(SUBSCRIPTION, "now");
    if (method === "keep") await client.undoCancel(SUBSCRIPTION);
    if (method === "unpause") await client.unpause(SUBSCRIPTION);
    expect(requests.map(({ request }) => request)).toEqual(expected);
    expect(requests[1]?.fields ?? {}).toEqual(fields);
  });

  test("a cancellation releases a schedule first", async () => {
    const { client, requests } = await fakeApi(subscription({ schedule: "sub_sched_1" }), { id: "x" }, subscription());
    await client.cancel(SUBSCRIPTION, "period_end");
    expect(requests.map(({ request }) => request)).toEqual([
      `GET ${PATH}`,
      "POST /v1/subscription_schedules/sub_sched_1/release",
      `POST ${PATH}`,
    ]);
  });
});

describe("a fetched subscription", () => {
  test("is a snapshot, dated by Stripe's clock, no later than the answer", async () => {
    const { client } = await fakeApi(subscription());
    const { identity, facts, timestampSource } = await client.subscription(SUBSCRIPTION);
    expect(timestampSource).toBe("fetch");
    expect(identity).toEqual({ customer: CUSTOMER, subscription: SUBSCRIPTION, trustedUserId: "user_1" });
    expect(facts).toHaveLength(1);
    expect(facts[0]).toMatchObject({
      product: "mail",
      fact: {
        kind: "snapshot",
        processor: "stripe",
        changeType: "updated",
        previous: null,
        state: { plan: "silver", status: "active", periodStart: STARTED * 1000, periodEnd: RENEWS * 1000 },
      },
    });
    const at = facts[0]?.fact.at ?? 0;
    expect(at).toBeLessThanOrEqual(ANSWERED_AT);
    expect(at).toBeGreaterThan(ANSWERED_AT - 6_000);
  });

  test("is never dated before its own period, if a test clock runs ahead", async () => {
    const ahead = { created: STARTED, periodStart: RENEWS, periodEnd: RENEWS + 2_678_400 };
    const { client } = await fakeApi(subscription({}, ahead));
    expect((await client.subscription(SUBSCRIPTION)).facts[0]?.fact.at).toBe(RENEWS * 1000);
  });

  test("is an end if it has ended, and has no fact without a listed price", async () => {
    const ended = await fakeApi(subscription({ status: "canceled", ended_at: RENEWS }));
    expect((await ended.client.subscription(SUBSCRIPTION)).facts[0]?.fact).toMatchObject({
      changeType: "deleted",
      at: RENEWS * 1000,
      state: { status: "canceled" },
    });
    const foreign = { ...price("silver"), id: "price_foreign" };
    const unknown = await fakeApi(subscription({}, { items: [{ id: "si", price: foreign }] }));
    expect((await unknown.client.subscription(SUBSCRIPTION)).facts).toEqual([]);
  });
});

describe("portal and invoices", () => {
  test("the portal belongs to the customer and has a return address", async () => {
    const { client, requests } = await fakeApi({ url: "https://billing.stripe.example/p/1" });
    expect(await client.portal(CUSTOMER, [SUBSCRIPTION], "https://app.example/billing")).toEqual({
      url: "https://billing.stripe.example/p/1",
    });
    expect(requests[0]).toMatchObject({
      request: "POST /v1/billing_portal/sessions",
      fields: { customer: CUSTOMER, return_url: "https://app.example/billing" },
    });
  });

  test("invoices are those of one customer, newest first, without drafts", async () => {
    const data = [
      invoice({ id: "in_draft", status: "draft" }),
      invoice({ id: "in_old" }),
      invoice({ id: "in_new", status: "open", status_transitions: { finalized_at: RENEWS } }),
      invoice({ id: "in_uncollectible", status: "uncollectible" }),
      invoice({ id: "in_void", status: "void", hosted_invoice_url: null, invoice_pdf: null }),
    ];
    const noCharges = { object: "list", data: [], has_more: false };
    const { client, requests } = await fakeApi({ object: "list", data, has_more: false }, noCharges);
    const invoices = await client.invoices({ customer: CUSTOMER });
    expect(invoices.map(({ id, status }) => [id, status])).toEqual([
      ["in_new", "open"],
      ["in_old", "paid"],
      ["in_uncollectible", "open"],
      ["in_void", "void"],
    ]);
    expect(invoices[0]).toEqual({
      id: "in_new",
      number: "A-0001",
      at: RENEWS * 1000,
      total: { amount: 1_999, currency: "USD" },
      tax: null,
      discount: null,
      refunded: null,
      status: "open",
      url: "https://invoice.stripe.example/i/1",
      pdf: "https://invoice.stripe.example/i/1/pdf",
    });
    expect(requests[0]).toMatchObject({ request: "GET /v1/invoices", fields: { customer: CUSTOMER, limit: "100" } });
  });

  test("invoices can be those of some subscriptions only", async () => {
    const list = (id: string) => ({ object: "list", data: [invoice({ id })], has_more: false });
    const noCharges = { object: "list", data: [], has_more: false };
    const { client, requests } = await fakeApi(list("in_1"), list("in_2"), noCharges);
    expect(await client.invoices({ subscriptions: ["sub_1", "sub_2"] })).toHaveLength(2);
    expect(
      requests
        .slice(0, 2)
        .map(({ fields }) => fields.subscription)
        .sort(),
    ).toEqual(["sub_1", "sub_2"]);
    expect(await client.paymentPage("sub_1")).toBeNull();
  });

  test("an invoice's document is its address, or null", async () => {
    const { client } = await fakeApi(invoice(), invoice({ invoice_pdf: null }));
    expect(await client.invoicePdf("in_1")).toBe("https://invoice.stripe.example/i/1/pdf");
    expect(await client.invoicePdf("in_1")).toBeNull();
  });
});
