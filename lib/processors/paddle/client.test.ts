import { describe, expect, test } from "vitest";
import {
  API_KEY,
  CUSTOMER,
  fakeApi,
  item,
  previewed,
  SUBSCRIPTION,
  subscription,
  totals,
  transaction,
} from "@/tests/support/fake-paddle-api";
import type { PlanChange } from "../processor-client";

const SILVER = "pri_mail_silver_monthly";
const TITANIUM = "pri_mail_titanium_monthly";
const PATH = `/subscriptions/${SUBSCRIPTION}`;
const upgrade: PlanChange = { subscription: SUBSCRIPTION, priceId: TITANIUM, timing: "now" };
const RENEWAL = "2026-12-01T10:00:00.123456Z";
const RENEWAL_AT = Date.UTC(2026, 11, 1, 10, 0, 0, 123);

describe("a checkout", () => {
  const request = {
    userId: "user_1",
    customer: null,
    email: "one@example.com",
    priceId: SILVER,
    returnUrl: "https://app.example/billing?checkout=1",
    checkoutPage: "https://app.example/checkout/paddle?checkout=1",
  };
  const draft = transaction("txn_01hv8wptq8987qeep44cyrewp9", { status: "draft", customer_id: null });

  test("makes one transaction with the price and gives its link", async () => {
    const { client, requests } = await fakeApi({ data: draft });
    expect(await client.checkout(request)).toEqual({
      url: "https://app.example/checkout/paddle?_ptxn=txn_01hv8wptq8987qeep44cyrewp9",
      transaction: "txn_01hv8wptq8987qeep44cyrewp9",
    });
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({ method: "POST", path: "/transactions" });
    expect(requests[0]?.body).toEqual({
      items: [{ price_id: SILVER, quantity: 1 }],
      custom_data: { user_id: "user_1" },
      checkout: { url: "https://app.example/checkout/paddle?checkout=1" },
    });
  });

  test("sends the API's version and the key with every request", async () => {
    const { client, requests } = await fakeApi({ data: draft });
    await client.checkout(request);
    expect(requests[0]?.headers).toMatchObject({ "paddle-version": "1", authorization: `bearer ${API_KEY}` });
  });

  test("names the customer if there is one", async () => {
    const { client, requests } = await fakeApi({ data: draft });
    await client.checkout({ ...request, customer: CUSTOMER });
    expect(requests[0]?.body).toMatchObject({ customer_id: CUSTOMER });
  });

  test("is an unreadable answer if the transaction has no link", async () => {
    const { client } = await fakeApi({ data: { ...draft, checkout: null } });
    await expect(client.checkout(request)).rejects.toMatchObject({ problem: "unavailable", code: "unreadable" });
  });
});

describe("a preview", () => {
  const current = { data: subscription([item(SILVER)]) };
  const preview = (over: object) => ({ data: { ...subscription([item(TITANIUM)]), ...over } });

  test("of a change now has the card's charge after credit, and the next charge", async () => {
    const { client, requests } = await fakeApi(
      current,
      preview({
        immediate_transaction: previewed("1000", "2026-11-16T10:00:00Z", { credit: "250", grand_total: "750" }),
        next_transaction: previewed("3999", RENEWAL),
        recurring_transaction_details: { tax_rates_used: [], totals: totals("3999"), line_items: [] },
        update_summary: {
          credit: { amount: "-1000", currency_code: "USD" },
          charge: { amount: "2000", currency_code: "USD" },
          result: { action: "charge", amount: "1000", currency_code: "USD" },
        },
      }),
    );
    expect(await client.preview(upgrade)).toEqual({
      dueNow: { amount: 750, currency: "USD" },
      nextCharge: { amount: 3999, currency: "USD", at: RENEWAL_AT },
    });
    expect(requests.map(({ method, path }) => `${method} ${path}`)).toEqual([`GET ${PATH}`, `PATCH ${PATH}/preview`]);
    expect(requests[1]?.body).toEqual({
      items: [{ price_id: TITANIUM, quantity: 1 }],
      proration_billing_mode: "prorated_immediately",
    });
  });

  test("of a change now with a credit has nothing due", async () => {
    const immediate_transaction = previewed("-500", "2026-11-16T10:00:00Z", { credit_to_balance: "500" });
    const { client } = await fakeApi(
      current,
      preview({ immediate_transaction, next_transaction: previewed("999", RENEWAL) }),
    );
    expect((await client.preview(upgrade)).dueNow).toBeNull();
  });

  test("of a change at the renewal has the new price from the next period on", async () => {
    const { client, requests } = await fakeApi(current, preview({ next_transaction: previewed("999", RENEWAL) }));
    const change = { ...upgrade, priceId: "pri_mail_bronze_monthly", timing: "renewal" } as const;
    expect(await client.preview(change)).toEqual({
      dueNow: null,
      nextCharge: { amount: 999, currency: "USD", at: RENEWAL_AT },
    });
    expect(requests[1]?.body).toEqual({
      items: [{ price_id: "pri_mail_bronze_monthly", quantity: 1 }],
      proration_billing_mode: "do_not_bill",
    });
  });

  test("of another interval at the renewal has the new price on the renewal's day", async () => {
    const { client } = await fakeApi(
      current,
      preview({
        next_transaction: previewed("18000", "2027-11-16T10:00:00Z"),
        recurring_transaction_details: { tax_rates_used: [], totals: totals("19990"), line_items: [] },
      }),
    );
    const change = { ...upgrade, priceId: "pri_mail_silver_yearly", timing: "renewal" } as const;
    expect(await client.preview(change)).toEqual({
      dueNow: null,
      nextCharge: { amount: 19_990, currency: "USD", at: RENEWAL_AT },
    });
  });

  test("of a subscription without a renewal has no next charge", async () => {
    const { client } = await fakeApi(current, preview({ immediate_transaction: null, next_transaction: null }));
    expect(await client.preview(upgrade)).toEqual({ dueNow: null, nextCharge: null });
  });

  test.each(["7.50", "", "1e3", "99999999999999999", "0x10", null, 750])(
    "is an unreadable answer with the amount %j",
    async (grand_total) => {
      const next_transaction = previewed("3999", RENEWAL, { grand_total });
      const { client } = await fakeApi(current, preview({ next_transaction }));
      await expect(client.preview(upgrade)).rejects.toMatchObject({ problem: "unavailable", code: "unreadable" });
    },
  );
});

describe("a change", () => {
  const bodyOf = async (items: object[], change: PlanChange, over: object = {}) => {
    const { client, requests } = await fakeApi({ data: subscription(items, over) }, { data: subscription(items) });
    await client.change(change);
    return requests[1]?.body;
  };

  test("now is charged at once, and prevented if the charge fails", async () => {
    const { client, requests } = await fakeApi(
      { data: subscription([item(SILVER)]) },
      { data: subscription([item(TITANIUM)]) },
    );
    await client.change(upgrade);
    expect(requests.map(({ method, path }) => `${method} ${path}`)).toEqual([`GET ${PATH}`, `PATCH ${PATH}`]);
    expect(requests[1]?.body).toEqual({
      items: [{ price_id: TITANIUM, quantity: 1 }],
      proration_billing_mode: "prorated_immediately",
      on_payment_failure: "prevent_change",
    });
  });

  test("replaces the product's own plan and keeps the other items, except one-time charges", async () => {
    const items = [
      item("pri_seats", { quantity: 4 }),
      item("pri_depot_office_monthly"),
      item(SILVER, { quantity: 3 }),
      item("pri_setup", { recurring: false }),
    ];
    expect(await bodyOf(items, upgrade)).toMatchObject({
      items: [
        { price_id: "pri_seats", quantity: 4 },
        { price_id: "pri_depot_office_monthly", quantity: 1 },
        { price_id: TITANIUM, quantity: 3 },
      ],
    });
  });

  test("at the renewal is not billed before the renewal", async () => {
    expect(await bodyOf([item(SILVER)], { ...upgrade, timing: "renewal" })).toMatchObject({
      proration_billing_mode: "do_not_bill",
    });
  });

  test("to another interval is always charged, since a new period begins", async () => {
    const change = { ...upgrade, priceId: "pri_mail_silver_yearly", timing: "renewal" } as const;
    expect(await bodyOf([item(SILVER)], change)).toMatchObject({
      proration_billing_mode: "prorated_immediately",
      on_payment_failure: "prevent_change",
    });
  });

  test("in a trial is not billed", async () => {
    expect(await bodyOf([item(SILVER)], upgrade, { status: "trialing" })).toMatchObject({
      proration_billing_mode: "do_not_bill",
    });
  });

  test("to the current plan sends no change", async () => {
    const { client, requests } = await fakeApi({ data: subscription([item(TITANIUM)]) });
    await client.change(upgrade);
    expect(requests).toHaveLength(1);
  });

  test.each([
    ["no plan of the product", [item("pri_depot_office_monthly")], TITANIUM, "ambiguous_plan_item"],
    ["two plans of the product", [item(SILVER), item("pri_mail_bronze_monthly")], TITANIUM, "ambiguous_plan_item"],
    ["a price that is not ours", [item(SILVER)], "pri_foreign", "unknown_price"],
  ])("with %s is refused without a change request", async (_, items, priceId, code) => {
    const { client, requests } = await fakeApi({ data: subscription(items) });
    await expect(client.change({ ...upgrade, priceId })).rejects.toMatchObject({ problem: "invalid", code });
    expect(requests).toHaveLength(1);
  });
});

describe("a cancellation", () => {
  test.each([
    ["period_end", "next_billing_period"],
    ["now", "immediately"],
  ] as const)("with %s", async (when, effective_from) => {
    const { client, requests } = await fakeApi({ data: subscription([item(SILVER)]) });
    await client.cancel(SUBSCRIPTION, when);
    expect(requests).toMatchObject([{ method: "POST", path: `${PATH}/cancel`, body: { effective_from } }]);
  });

  test("that is undone changes no other field", async () => {
    const { client, requests } = await fakeApi({ data: subscription([item(SILVER)]) });
    await client.undoCancel(SUBSCRIPTION);
    expect(requests).toMatchObject([{ method: "PATCH", path: PATH }]);
    expect(requests[0]?.body).toEqual({ scheduled_change: null });
  });
});

test("the portal's address is the overview page with links for the subscriptions", async () => {
  const overview = "https://customer-portal.paddle.com/cpl_01?action=overview&token=pga_1";
  const { client, requests } = await fakeApi({
    data: {
      id: "cpls_01h4ge9r64c22exjsx0fy8b48b",
      customer_id: CUSTOMER,
      urls: { general: { overview }, subscriptions: [] },
      created_at: "2026-11-16T10:00:00Z",
    },
  });
  expect(await client.portal(CUSTOMER, [SUBSCRIPTION])).toEqual({ url: overview });
  expect(requests).toMatchObject([
    {
      method: "POST",
      path: `/customers/${CUSTOMER}/portal-sessions`,
      body: { subscription_ids: [SUBSCRIPTION] },
    },
  ]);
});
