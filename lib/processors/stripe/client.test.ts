import { describe, expect, test } from "vitest";
import {
  ANSWERED_AT,
  type Answer,
  API_KEY,
  CUSTOMER,
  fakeApi,
  invoice,
  price,
  RENEWS,
  refusal,
  STARTED,
  SUBSCRIPTION,
  subscription,
} from "@/tests/support/fake-stripe-api";
import type { PlanChange, ProcessorClient } from "../processor-client";

const ULTRA = "price_writer_ultra_monthly";
const upgrade: PlanChange = { subscription: SUBSCRIPTION, priceId: ULTRA, timing: "now" };
const downgrade: PlanChange = { subscription: SUBSCRIPTION, priceId: "price_writer_basic_monthly", timing: "renewal" };
const PATH = `/v1/subscriptions/${SUBSCRIPTION}`;
const session = (over: object = {}) => ({
  id: "cs_test_1",
  object: "checkout.session",
  status: "open",
  subscription: null,
  url: "https://checkout.stripe.example/c/1",
  ...over,
});

describe("checkout", () => {
  const request = {
    userId: "user_1",
    customer: CUSTOMER,
    email: "one@example.com",
    priceId: ULTRA,
    returnUrl: "https://app.example/billing?checkout=1",
    checkoutPage: "https://app.example/checkout/stripe?checkout=1",
    cancelUrl: "https://app.example/pricing",
    idempotencyKey: "checkout-1",
  };

  test("a customer of the user's own, once", async () => {
    const { client, requests } = await fakeApi({ id: CUSTOMER, object: "customer" });
    expect(await client.customer({ userId: "user_1", email: "one@example.com", idempotencyKey: "k" })).toBe(CUSTOMER);
    expect(requests[0]).toMatchObject({
      request: "POST /v1/customers",
      headers: { "idempotency-key": "k:customer", authorization: `Bearer ${API_KEY}` },
      fields: { email: "one@example.com", "metadata[user_id]": "user_1" },
    });
  });

  test("the session and its subscription say whose they are, where only our server can write", async () => {
    const { client, requests } = await fakeApi(session());
    expect(await client.checkout(request)).toEqual({ url: session().url, transaction: "cs_test_1" });
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({
      request: "POST /v1/checkout/sessions",
      headers: { "idempotency-key": "checkout-1:checkout", "stripe-version": "2026-10-28.endive" },
    });
    expect(requests[0]?.fields).toEqual({
      mode: "subscription",
      "line_items[0][price]": ULTRA,
      "line_items[0][quantity]": "1",
      customer: CUSTOMER,
      client_reference_id: "user_1",
      "metadata[user_id]": "user_1",
      "subscription_data[metadata][user_id]": "user_1",
      "subscription_data[billing_mode][type]": "flexible",
      success_url: "https://app.example/billing?checkout=1",
      cancel_url: "https://app.example/pricing",
      allow_promotion_codes: "true",
    });
  });

  test("a trial, and a user id too long for the reference", async () => {
    const { client, requests } = await fakeApi(session());
    const userId = "u".repeat(255);
    await client.checkout({ ...request, userId, trialDays: 14 });
    expect(requests[0]?.fields).toMatchObject({
      "subscription_data[trial_period_days]": "14",
      "metadata[user_id]": userId,
    });
    expect(requests[0]?.fields).not.toHaveProperty("client_reference_id");
  });

  test("without an address it is of no use to a payer", async () => {
    const { client } = await fakeApi(session({ url: null }));
    await expect(client.checkout(request)).rejects.toMatchObject({ problem: "unavailable", code: "unreadable" });
  });

  test.each([
    ["open", null, { state: "open" }],
    ["expired", null, { state: "expired" }],
    ["complete", SUBSCRIPTION, { state: "paid", subscription: SUBSCRIPTION }],
    ["complete", { id: SUBSCRIPTION }, { state: "paid", subscription: SUBSCRIPTION }],
    ["complete", null, { state: "paid", subscription: null }],
  ])("%s, with %j", async (status, sold, expected) => {
    const { client } = await fakeApi(session({ status, subscription: sold }));
    expect(await client.checkoutState("cs_test_1")).toEqual(expected);
  });

  test.each<[string, Answer[], string, number]>([
    ["open", [session(), session({ status: "expired" })], "closed", 2],
    ["run out already", [session({ status: "expired" })], "closed", 1],
    ["paid already", [session({ status: "complete" })], "paid", 1],
    ["paid in between", [session(), refusal(400, "invalid_request_error"), session({ status: "complete" })], "paid", 3],
  ])("closing one that is %s", async (_, answers, outcome, asked) => {
    const { client, requests } = await fakeApi(...answers);
    expect(await client.closeCheckout("cs_test_1")).toBe(outcome);
    expect(requests).toHaveLength(asked);
    if (asked > 1) expect(requests[1]?.request).toBe("POST /v1/checkout/sessions/cs_test_1/expire");
  });

  test("one that stays open is not said to be closed", async () => {
    const { client } = await fakeApi(session(), refusal(400, "invalid_request_error"), session());
    await expect(client.closeCheckout("cs_test_1")).rejects.toMatchObject({ problem: "invalid" });
  });
});

describe("change now", () => {
  test("charged at once, and kept back where the charge needs the payer", async () => {
    const { client, requests } = await fakeApi(subscription(), subscription());
    expect(await client.change(upgrade)).toEqual({ outcome: "requested" });
    expect(requests[1]).toMatchObject({
      request: `POST ${PATH}`,
      headers: { "idempotency-key": expect.stringContaining(`change:${SUBSCRIPTION}:${ULTRA}:`) },
    });
    expect(requests[1]?.fields).toEqual({
      "items[0][id]": "si_plus",
      "items[0][price]": ULTRA,
      "items[0][quantity]": "1",
      proration_behavior: "always_invoice",
      payment_behavior: "pending_if_incomplete",
    });
  });

  test("only the plan's own item, with its quantity", async () => {
    const items = [
      { id: "si_bots", price: price("growth", "monthly", "chatbots") },
      { id: "si_plus", price: price("plus"), quantity: 3 },
    ];
    const { client, requests } = await fakeApi(subscription({}, { items }), subscription());
    await client.change(upgrade);
    expect(requests[1]?.fields).toMatchObject({ "items[0][id]": "si_plus", "items[0][quantity]": "3" });
  });

  test("a charge that needs the payer: where to pay", async () => {
    const pending = subscription({ pending_update: { expires_at: RENEWS }, latest_invoice: "in_second" });
    const { client, requests } = await fakeApi(subscription(), pending, invoice({ status: "open" }));
    expect(await client.change(upgrade)).toEqual({
      outcome: "payment_needed",
      url: "https://invoice.stripe.example/i/1",
    });
    expect(requests[2]?.request).toBe("GET /v1/invoices/in_second");
  });

  test("Case P3: a later attempt has another key, so that a refusal is not repeated", async () => {
    const message = "This customer has no attached payment source or default payment method.";
    const refused = refusal(400, "invalid_request_error", "resource_missing", message);
    const { client, requests } = await fakeApi(subscription(), refused, subscription(), subscription());
    await expect(client.change(upgrade)).rejects.toMatchObject({ problem: "no_payment_method" });
    expect(await client.change(upgrade)).toEqual({ outcome: "requested" });
    expect(requests[1]?.headers["idempotency-key"]).not.toBe(requests[3]?.headers["idempotency-key"]);
  });

  describe("while another change waits for its payment", () => {
    const waiting = (priceId: string) =>
      subscription({
        pending_update: { expires_at: RENEWS, subscription_items: [{ id: "si_plus", price: { id: priceId } }] },
        latest_invoice: "in_waiting",
      });

    test("to the same price, nothing is changed", async () => {
      const { client, requests } = await fakeApi(waiting(ULTRA), invoice({ status: "open" }));
      expect(await client.change(upgrade)).toMatchObject({ outcome: "payment_needed" });
      expect(requests.every(({ request }) => request.startsWith("GET"))).toBe(true);
    });

    test.each<[string, (client: ProcessorClient) => Promise<unknown>, string]>([
      ["to another price, it is withdrawn first", (client) => client.change(upgrade), `POST ${PATH}`],
      ["an end with the period withdraws it", (client) => client.cancel(SUBSCRIPTION, "period_end"), `POST ${PATH}`],
      ["an end at once withdraws it", (client) => client.cancel(SUBSCRIPTION, "now"), `DELETE ${PATH}`],
    ])("%s", async (_, act, last) => {
      const voided = invoice({ status: "void" });
      const { client, requests } = await fakeApi(waiting("price_other"), voided, subscription(), subscription());
      await act(client);
      expect(requests.map(({ request }) => request)).toEqual([
        `GET ${PATH}`,
        "POST /v1/invoices/in_waiting/void",
        `GET ${PATH}`,
        last,
      ]);
    });

    test("paid in between, it is what the next change starts from; still waiting, the change fails", async () => {
      const refused = refusal(400, "invalid_request_error");
      const paid = subscription({}, { items: [{ id: "si_plus", price: price("ultra") }] });
      const { client, requests } = await fakeApi(waiting("price_other"), refused, paid);
      expect(await client.change(upgrade)).toEqual({ outcome: "requested" });
      expect(requests).toHaveLength(3);
      const still = await fakeApi(waiting("price_other"), refused, waiting("price_other"));
      await expect(still.client.change(upgrade)).rejects.toMatchObject({ problem: "invalid" });
    });
  });

  test("what is already so is not charged again", async () => {
    const { client, requests } = await fakeApi(subscription({}, { items: [{ id: "si_1", price: price("ultra") }] }));
    expect(await client.change(upgrade)).toEqual({ outcome: "requested" });
    expect(requests).toHaveLength(1);
  });

  test("lets go of a schedule first", async () => {
    const { client, requests } = await fakeApi(
      subscription({ schedule: "sub_sched_1" }),
      { id: "sub_sched_1", object: "subscription_schedule" },
      subscription(),
    );
    await client.change(upgrade);
    expect(requests[1]?.request).toBe("POST /v1/subscription_schedules/sub_sched_1/release");
  });

  test.each([
    [
      "no plan of the product",
      [{ id: "si", price: price("growth", "monthly", "chatbots") }],
      ULTRA,
      "ambiguous_plan_item",
    ],
    [
      "two plans of the product",
      [
        { id: "a", price: price("plus") },
        { id: "b", price: price("basic") },
      ],
      ULTRA,
      "ambiguous_plan_item",
    ],
    ["a price that is not ours", [{ id: "a", price: price("plus") }], "price_foreign", "unknown_price"],
  ])("refuses %s, and asks for nothing", async (_, items, priceId, code) => {
    const { client, requests } = await fakeApi(subscription({}, { items }));
    await expect(client.change({ ...upgrade, priceId })).rejects.toMatchObject({ problem: "invalid", code });
    expect(requests).toHaveLength(1);
  });
});

describe("change at the renewal", () => {
  const phase = { start_date: STARTED, end_date: RENEWS, trial_end: null };
  const schedule = (over: object = {}) => ({
    id: "sub_sched_1",
    object: "subscription_schedule",
    status: "active",
    current_phase: { start_date: STARTED, end_date: RENEWS },
    phases: [{ ...phase, items: [{ price: "price_writer_plus_monthly", quantity: 1 }] }],
    ...over,
  });

  test("a schedule of two phases: what is paid for goes on, the new plan begins with the renewal", async () => {
    const { client, requests } = await fakeApi(subscription(), schedule(), schedule());
    expect(await client.change(downgrade)).toEqual({ outcome: "requested" });
    expect(requests[1]).toMatchObject({
      request: "POST /v1/subscription_schedules",
      fields: { from_subscription: SUBSCRIPTION },
    });
    expect(requests[2]?.request).toBe("POST /v1/subscription_schedules/sub_sched_1");
    expect(requests[2]?.fields).toEqual({
      end_behavior: "release",
      proration_behavior: "none",
      "phases[0][items][0][price]": "price_writer_plus_monthly",
      "phases[0][items][0][quantity]": "1",
      "phases[0][start_date]": String(STARTED),
      "phases[0][end_date]": String(RENEWS),
      "phases[0][proration_behavior]": "none",
      "phases[1][items][0][price]": "price_writer_basic_monthly",
      "phases[1][items][0][quantity]": "1",
      "phases[1][duration][interval]": "month",
      "phases[1][duration][interval_count]": "1",
      "phases[1][proration_behavior]": "none",
    });
  });

  test("Case P4: both phases keep discounts, tax rates, metadata and the other terms", async () => {
    const terms = {
      discounts: [
        { discount: "di_1", coupon: "co_1", promotion_code: null },
        { discount: null, coupon: "co_2", promotion_code: { id: "promo_1" } },
        { discount: null, coupon: "co_3", promotion_code: null },
      ],
      default_tax_rates: [{ id: "txr_1" }],
      metadata: { user_id: "user_1" },
      automatic_tax: { enabled: true, liability: { type: "self" } },
      collection_method: "send_invoice",
      default_payment_method: "pm_1",
      description: "Plus",
      invoice_settings: { account_tax_ids: null, days_until_due: 14, description: null, footer: "Thanks" },
      billing_thresholds: { amount_gte: 5_000, reset_billing_cycle_anchor: null },
      application_fee_percent: null,
      on_behalf_of: null,
      transfer_data: null,
    };
    const known = schedule({ phases: [{ ...phase, ...terms, items: [] }] });
    const held = { data: [{ id: "si_plus", price: price("plus"), tax_rates: [{ id: "txr_2" }], discounts: ["di_2"] }] };
    const current = subscription({ items: { ...held, has_more: false } });
    const { client, requests } = await fakeApi(current, known, known);
    await client.change(downgrade);
    const kept = (index: number) => ({
      [`phases[${index}][discounts][0][discount]`]: "di_1",
      [`phases[${index}][discounts][1][promotion_code]`]: "promo_1",
      [`phases[${index}][discounts][2][coupon]`]: "co_3",
      [`phases[${index}][default_tax_rates][0]`]: "txr_1",
      [`phases[${index}][metadata][user_id]`]: "user_1",
      [`phases[${index}][automatic_tax][enabled]`]: "true",
      [`phases[${index}][automatic_tax][liability][type]`]: "self",
      [`phases[${index}][collection_method]`]: "send_invoice",
      [`phases[${index}][default_payment_method]`]: "pm_1",
      [`phases[${index}][description]`]: "Plus",
      [`phases[${index}][invoice_settings][days_until_due]`]: "14",
      [`phases[${index}][invoice_settings][footer]`]: "Thanks",
      [`phases[${index}][billing_thresholds][amount_gte]`]: "5000",
      [`phases[${index}][items][0][tax_rates][0]`]: "txr_2",
      [`phases[${index}][items][0][discounts][0][discount]`]: "di_2",
    });
    expect(requests[2]?.fields).toMatchObject({ ...kept(0), ...kept(1) });
    expect(Object.keys(requests[2]?.fields ?? {}).filter((name) => /undefined|null|\[\]$/.test(name))).toEqual([]);
  });

  test("by the year, in a trial", async () => {
    const trialing = schedule({ phases: [{ ...phase, trial_end: RENEWS, items: [] }] });
    const { client, requests } = await fakeApi(subscription(), trialing, trialing);
    await client.change({ ...downgrade, priceId: "price_writer_basic_yearly" });
    expect(requests[2]?.fields).toMatchObject({
      "phases[0][trial_end]": String(RENEWS),
      "phases[1][duration][interval]": "year",
    });
  });

  test("a schedule that is there is changed, and one that says it already is left alone", async () => {
    const other = await fakeApi(subscription({ schedule: "sub_sched_1" }), schedule(), schedule());
    await other.client.change(downgrade);
    expect(other.requests.map(({ request }) => request)).toEqual([
      `GET ${PATH}`,
      "GET /v1/subscription_schedules/sub_sched_1",
      "POST /v1/subscription_schedules/sub_sched_1",
    ]);
    const phases = [
      { ...phase, items: [{ price: "price_writer_plus_monthly" }] },
      { ...phase, items: [{ price: "price_writer_basic_monthly" }] },
    ];
    const same = await fakeApi(subscription({ schedule: "sub_sched_1" }), schedule({ phases }));
    await same.client.change(downgrade);
    expect(same.requests).toHaveLength(2);
  });

  test("made by a second click in between: that one is used; let go by one: that is enough", async () => {
    const refused = refusal(400, "invalid_request_error");
    const held = subscription({ schedule: "sub_sched_1" });
    const twice = await fakeApi(subscription(), refused, held, schedule(), schedule());
    expect(await twice.client.change(downgrade)).toEqual({ outcome: "requested" });
    expect(twice.requests.at(-1)?.request).toBe("POST /v1/subscription_schedules/sub_sched_1");
    const released = await fakeApi(held, refused, subscription());
    await released.client.cancelScheduledChange(SUBSCRIPTION);
    for (const answers of [
      [subscription(), refused, subscription()],
      [held, refused, held],
    ]) {
      const { client } = await fakeApi(...answers);
      const call = answers[0] === held ? client.cancelScheduledChange(SUBSCRIPTION) : client.change(downgrade);
      await expect(call).rejects.toMatchObject({ problem: "invalid" });
    }
  });

  test("to what one has: the schedule is let go", async () => {
    const { client, requests } = await fakeApi(subscription({ schedule: "sub_sched_1" }), schedule());
    await client.change({ ...downgrade, priceId: "price_writer_plus_monthly" });
    expect(requests[1]?.request).toBe("POST /v1/subscription_schedules/sub_sched_1/release");
  });

  test("taken back; where there is none, nothing", async () => {
    const there = await fakeApi(subscription({ schedule: { id: "sub_sched_1" } }), schedule());
    await there.client.cancelScheduledChange(SUBSCRIPTION);
    expect(there.requests[1]?.request).toBe("POST /v1/subscription_schedules/sub_sched_1/release");
    const none = await fakeApi(subscription());
    await none.client.cancelScheduledChange(SUBSCRIPTION);
    expect(none.requests).toHaveLength(1);
  });
});

describe("cancel, keep and unpause", () => {
  type Method = "end" | "endNow" | "keep" | "unpause";
  test.each<[string, Method, object, string[], object]>([
    ["the end, with the period", "end", {}, [`GET ${PATH}`, `POST ${PATH}`], { cancel_at_period_end: "true" }],
    ["the end, now", "endNow", {}, [`GET ${PATH}`, `DELETE ${PATH}`], {}],
    ["of what has ended", "end", { status: "canceled" }, [`GET ${PATH}`], {}],
    [
      "kept",
      "keep",
      { cancel_at_period_end: true },
      [`GET ${PATH}`, `POST ${PATH}`],
      { cancel_at_period_end: "false" },
    ],
    ["kept, from an end on a day", "keep", { cancel_at: RENEWS }, [`GET ${PATH}`, `POST ${PATH}`], { cancel_at: "" }],
    ["kept, and going on anyway", "keep", {}, [`GET ${PATH}`], {}],
    [
      "collected again",
      "unpause",
      { pause_collection: { behavior: "void" } },
      [`GET ${PATH}`, `POST ${PATH}`],
      { pause_collection: "" },
    ],
    [
      "resumed",
      "unpause",
      { status: "paused" },
      [`GET ${PATH}`, `POST ${PATH}/resume`],
      { "billing_cycle_anchor[type]": "now" },
    ],
    ["not paused", "unpause", {}, [`GET ${PATH}`], {}],
  ])("%s", async (_, method, over, expected, fields) => {
    const { client, requests } = await fakeApi(subscription(over as Record<string, unknown>), subscription());
    if (method === "end") await client.cancel(SUBSCRIPTION, "period_end");
    if (method === "endNow") await client.cancel(SUBSCRIPTION, "now");
    if (method === "keep") await client.undoCancel(SUBSCRIPTION);
    if (method === "unpause") await client.unpause(SUBSCRIPTION);
    expect(requests.map(({ request }) => request)).toEqual(expected);
    expect(requests[1]?.fields ?? {}).toEqual(fields);
  });

  test("a schedule is let go before the end is asked for", async () => {
    const { client, requests } = await fakeApi(subscription({ schedule: "sub_sched_1" }), { id: "x" }, subscription());
    await client.cancel(SUBSCRIPTION, "period_end");
    expect(requests.map(({ request }) => request)).toEqual([
      `GET ${PATH}`,
      "POST /v1/subscription_schedules/sub_sched_1/release",
      `POST ${PATH}`,
    ]);
  });
});

describe("a subscription as it is", () => {
  test("as a snapshot, dated by Stripe's clock, no later than it was read", async () => {
    const { client } = await fakeApi(subscription());
    const { identity, facts, timestampSource } = await client.subscription(SUBSCRIPTION);
    expect(timestampSource).toBe("fetch");
    expect(identity).toEqual({ customer: CUSTOMER, subscription: SUBSCRIPTION, trustedUserId: "user_1" });
    expect(facts).toHaveLength(1);
    expect(facts[0]).toMatchObject({
      product: "writer",
      fact: {
        kind: "snapshot",
        processor: "stripe",
        life: "updated",
        before: null,
        image: { plan: "plus", status: "active", periodStart: STARTED * 1000, periodEnd: RENEWS * 1000 },
      },
    });
    const at = facts[0]?.fact.at ?? 0;
    expect(at).toBeLessThanOrEqual(ANSWERED_AT);
    expect(at).toBeGreaterThan(ANSWERED_AT - 6_000);
  });

  test("never before the period that it names: a test clock runs ahead", async () => {
    const ahead = { created: STARTED, periodStart: RENEWS, periodEnd: RENEWS + 2_678_400 };
    const { client } = await fakeApi(subscription({}, ahead));
    expect((await client.subscription(SUBSCRIPTION)).facts[0]?.fact.at).toBe(RENEWS * 1000);
  });

  test("ended, and with no price of ours", async () => {
    const ended = await fakeApi(subscription({ status: "canceled", ended_at: RENEWS }));
    expect((await ended.client.subscription(SUBSCRIPTION)).facts[0]?.fact).toMatchObject({
      life: "deleted",
      at: RENEWS * 1000,
      image: { status: "canceled" },
    });
    const foreign = { ...price("plus"), id: "price_foreign" };
    const unknown = await fakeApi(subscription({}, { items: [{ id: "si", price: foreign }] }));
    expect((await unknown.client.subscription(SUBSCRIPTION)).facts).toEqual([]);
  });
});

describe("portal and invoices", () => {
  test("the customer's portal, with the way back", async () => {
    const { client, requests } = await fakeApi({ url: "https://billing.stripe.example/p/1" });
    expect(await client.portal(CUSTOMER, [SUBSCRIPTION], "https://app.example/billing")).toEqual({
      url: "https://billing.stripe.example/p/1",
    });
    expect(requests[0]).toMatchObject({
      request: "POST /v1/billing_portal/sessions",
      fields: { customer: CUSTOMER, return_url: "https://app.example/billing" },
    });
  });

  test("one customer's invoices, newest first, without drafts", async () => {
    const data = [
      invoice({ id: "in_draft", status: "draft" }),
      invoice({ id: "in_old" }),
      invoice({ id: "in_new", status: "open", status_transitions: { finalized_at: RENEWS } }),
      invoice({ id: "in_gone", status: "uncollectible" }),
      invoice({ id: "in_void", status: "void", hosted_invoice_url: null, invoice_pdf: null }),
    ];
    const noCharges = { object: "list", data: [], has_more: false };
    const { client, requests } = await fakeApi({ object: "list", data, has_more: false }, noCharges);
    const invoices = await client.invoices({ customer: CUSTOMER });
    expect(invoices.map(({ id, status }) => [id, status])).toEqual([
      ["in_new", "open"],
      ["in_old", "paid"],
      ["in_gone", "open"],
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

  test("of some subscriptions only", async () => {
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

  test("the document of one", async () => {
    const { client } = await fakeApi(invoice(), invoice({ invoice_pdf: null }));
    expect(await client.invoicePdf("in_1")).toBe("https://invoice.stripe.example/i/1/pdf");
    expect(await client.invoicePdf("in_1")).toBeNull();
  });
});
