import { describe, expect, test } from "vitest";
import { type AdjustmentSpec, adjustmentEntity } from "@/lib/sandbox/event-builders/paddle/adjustment";
import {
  type Answer,
  CUSTOMER,
  fakeApi,
  item,
  refusal,
  SUBSCRIPTION,
  subscription,
  transaction,
} from "@/tests/support/fake-paddle-api";

const TXN = "txn_01hv8wptq8987qeep44cyrewp9";
const at = (status: string, over: object = {}): Answer => ({ data: transaction(TXN, { status, ...over }) });

describe("the state of a checkout", () => {
  test.each([
    ["draft", { state: "open" }],
    ["ready", { state: "open" }],
    ["paid", { state: "paid", subscription: SUBSCRIPTION }],
    ["completed", { state: "paid", subscription: SUBSCRIPTION }],
    ["canceled", { state: "expired" }],
  ])("%s", async (status, expected) => {
    const { client } = await fakeApi(at(status));
    expect(await client.checkoutState(TXN)).toEqual(expected);
  });

  test("paid, before its subscription exists", async () => {
    const { client } = await fakeApi(at("paid", { subscription_id: null }));
    expect(await client.checkoutState(TXN)).toEqual({ state: "paid", subscription: null });
  });
});

describe("closing a checkout cancels", () => {
  test("a ready transaction", async () => {
    const { client, requests } = await fakeApi(at("ready"), at("canceled"));
    expect(await client.closeCheckout(TXN)).toBe("closed");
    expect(requests[1]).toMatchObject({ method: "PATCH", path: `/transactions/${TXN}`, body: { status: "canceled" } });
  });

  test("no draft, which stays open without a request", async () => {
    const { client, requests } = await fakeApi(at("draft"));
    expect(await client.closeCheckout(TXN)).toBe("left_open");
    expect(requests).toHaveLength(1);
  });

  test("no transaction that is paid in between", async () => {
    const { client } = await fakeApi(at("ready"), refusal(400, "transaction_invalid_status_change"), at("paid"));
    expect(await client.closeCheckout(TXN)).toBe("paid");
  });

  test("no transaction that Paddle refuses to cancel; an unreachable processor is an error", async () => {
    const refused = await fakeApi(at("ready"), refusal(400, "transaction_immutable"), at("ready"));
    expect(await refused.client.closeCheckout(TXN)).toBe("left_open");
    const down = await fakeApi(at("ready"), refusal(500, "internal_error"));
    await expect(down.client.closeCheckout(TXN)).rejects.toMatchObject({ problem: "unavailable" });
  });
});

describe("the refund of a duplicate purchase", () => {
  const adjustment = (status: AdjustmentSpec["status"]) =>
    adjustmentEntity({
      id: "adj_01hvgf2s84dr6reszzg29zbvcm",
      action: "refund",
      status,
      transaction: TXN,
      subscription: SUBSCRIPTION,
      customer: CUSTOMER,
      amount: 1_999,
      at: Date.UTC(2026, 10, 1),
    });
  const list = (...all: object[]): Answer => ({
    data: all as never,
    meta: { pagination: { per_page: 50, has_more: false, estimated_total: all.length, next: "" } },
  });

  test("is requested in full", async () => {
    const { client, requests } = await fakeApi(list(), { data: adjustment("pending_approval") });
    await client.refundCheckout(TXN);
    expect(requests.map(({ method, path }) => [method, path])).toEqual([
      ["GET", "/adjustments"],
      ["POST", "/adjustments"],
    ]);
    expect(requests[0]?.query).toEqual({ transaction_id: TXN, action: "refund" });
    expect(requests[1]?.body).toEqual({
      action: "refund",
      type: "full",
      transaction_id: TXN,
      reason: expect.stringContaining("Paid twice"),
    });
  });

  test.each<[status: AdjustmentSpec["status"], calls: number]>([
    ["pending_approval", 1],
    ["approved", 1],
    ["rejected", 2],
  ])("with a request that is %s: %i calls", async (status, calls) => {
    const { client, requests } = await fakeApi(list(adjustment(status)), { data: adjustment("pending_approval") });
    await client.refundCheckout(TXN);
    expect(requests).toHaveLength(calls);
  });

  test("is refused before the transaction is completed", async () => {
    const refused = refusal(400, "adjustment_transaction_invalid_status_for_refund");
    const { client } = await fakeApi(list(), refused);
    await expect(client.refundCheckout(TXN)).rejects.toMatchObject({ problem: "invalid" });
  });
});

describe("a fetched subscription", () => {
  test("is a snapshot, dated by Paddle's own clock", async () => {
    const { client } = await fakeApi({
      data: subscription([item("pri_mail_silver_monthly"), item("pri_seats")], {
        scheduled_change: { action: "cancel", effective_at: "2026-12-01T10:00:00.123456Z", resume_at: null },
      }),
    });
    const updatedAt = Date.UTC(2026, 10, 1, 10, 0, 0, 500);
    expect(await client.subscription(SUBSCRIPTION)).toEqual({
      timestampSource: "processor",
      shared: expect.objectContaining({ state: expect.objectContaining({ plan: null, status: "active" }) }),
      identity: {
        customer: CUSTOMER,
        subscription: SUBSCRIPTION,
        transaction: null,
        trustedUserId: null,
        hintedUserId: null,
      },
      facts: [
        {
          product: "mail",
          fact: {
            kind: "snapshot",
            id: `paddle:read:${SUBSCRIPTION}:${updatedAt}:snapshot`,
            processor: "paddle",
            subscription: SUBSCRIPTION,
            at: updatedAt,
            changeType: "updated",
            previous: null,
            discounts: [],
            list: {
              complete: true,
              plans: 1,
              unlisted: [expect.objectContaining({ id: null, price: "pri_seats", interval: "monthly", quantity: 1 })],
            },
            state: {
              plan: "silver",
              interval: "monthly",
              quantity: 1,
              status: "active",
              periodStart: Date.UTC(2026, 10, 1, 10, 0, 0, 123),
              periodEnd: Date.UTC(2026, 11, 1, 10, 0, 0, 123),
              cancelAt: Date.UTC(2026, 11, 1, 10, 0, 0, 123),
              trialEnd: null,
              collectionPaused: false,
              selfStarted: true,
              item: { id: null, product: expect.stringMatching(/^pro_/), price: "pri_mail_silver_monthly" },
            },
          },
        },
      ],
    });
  });

  test("has no fact without a price of the catalog", async () => {
    const { client } = await fakeApi({ data: subscription([item("pri_foreign")]) });
    expect((await client.subscription(SUBSCRIPTION)).facts).toEqual([]);
  });
});

describe("a pause", () => {
  test("ends at once", async () => {
    const { client, requests } = await fakeApi(
      { data: subscription([item("pri_mail_silver_monthly")], { status: "paused", current_billing_period: null }) },
      { data: subscription([item("pri_mail_silver_monthly")]) },
    );
    await client.unpause(SUBSCRIPTION);
    expect(requests[1]).toMatchObject({
      method: "POST",
      path: `/subscriptions/${SUBSCRIPTION}/resume`,
      body: { effective_from: "immediately" },
    });
  });

  test("is not ended if the subscription is active", async () => {
    const { client, requests } = await fakeApi({ data: subscription([item("pri_mail_silver_monthly")]) });
    await client.unpause(SUBSCRIPTION);
    expect(requests).toHaveLength(1);
  });
});

test("the page of the open payment belongs to the newest past-due transaction", async () => {
  const list = (...all: object[]): Answer => ({
    data: all as never,
    meta: { pagination: { per_page: 1, has_more: false, estimated_total: all.length, next: "" } },
  });
  const { client, requests } = await fakeApi(list(transaction(TXN, { status: "past_due" })), list());
  expect(await client.duePage(SUBSCRIPTION)).toBe(`https://app.example/checkout/paddle?_ptxn=${TXN}`);
  expect(requests[0]).toMatchObject({
    path: "/transactions",
    query: { subscription_id: SUBSCRIPTION, status: "past_due", order_by: "id[DESC]", per_page: "1" },
  });
  expect(await client.duePage(SUBSCRIPTION)).toBeNull();
});

test("the payment page is the page that changes the subscription's card", async () => {
  const items = [item("pri_mail_silver_monthly")];
  const update_payment_method = "https://buyer-portal.paddle.com/card";
  const { client } = await fakeApi(
    { data: subscription(items, { management_urls: { update_payment_method, cancel: "https://x.example" } }) },
    { data: subscription(items) },
  );
  expect(await client.paymentPage(SUBSCRIPTION)).toBe(update_payment_method);
  expect(await client.paymentPage(SUBSCRIPTION)).toBeNull();
});

test("Paddle creates its own customers, and stores no scheduled change", async () => {
  const { client, requests } = await fakeApi();
  expect(await client.customer({ userId: "user_1", email: "one@example.com", idempotencyKey: "k" })).toBeNull();
  await client.cancelScheduledChange(SUBSCRIPTION);
  expect(requests).toEqual([]);
});
