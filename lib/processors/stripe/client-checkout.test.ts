import { describe, expect, test } from "vitest";
import { type Answer, API_KEY, CUSTOMER, fakeApi, refusal, SUBSCRIPTION } from "@/tests/support/fake-stripe-api";

const TITANIUM = "price_mail_titanium_monthly";
const session = (over: object = {}) => ({
  id: "cs_test_1",
  object: "checkout.session",
  status: "open",
  subscription: null,
  url: "https://checkout.stripe.example/c/1",
  ...over,
});

describe("a checkout", () => {
  const request = {
    userId: "user_1",
    customer: CUSTOMER,
    email: "one@example.com",
    priceId: TITANIUM,
    returnUrl: "https://app.example/billing?checkout=1",
    checkoutPage: "https://app.example/checkout/stripe?checkout=1",
    cancelUrl: "https://app.example/pricing",
    idempotencyKey: "checkout-1",
  };

  test("creates the user's own customer once", async () => {
    const { client, requests } = await fakeApi({ id: CUSTOMER, object: "customer" });
    expect(await client.customer({ userId: "user_1", email: "one@example.com", idempotencyKey: "k" })).toBe(CUSTOMER);
    expect(requests[0]).toMatchObject({
      request: "POST /v1/customers",
      headers: { "idempotency-key": "k:customer", authorization: `Bearer ${API_KEY}` },
      fields: { email: "one@example.com", "metadata[user_id]": "user_1" },
    });
  });

  test("names the user in the metadata of the session and of its subscription", async () => {
    const { client, requests } = await fakeApi(session());
    expect(await client.checkout(request)).toEqual({ url: session().url, transaction: "cs_test_1" });
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({
      request: "POST /v1/checkout/sessions",
      headers: { "idempotency-key": "checkout-1:checkout", "stripe-version": "2026-10-28.endive" },
    });
    expect(requests[0]?.fields).toEqual({
      mode: "subscription",
      "line_items[0][price]": TITANIUM,
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

  test("includes a trial, and omits a user id that is too long for the reference", async () => {
    const { client, requests } = await fakeApi(session());
    const userId = "u".repeat(255);
    await client.checkout({ ...request, userId, trialDays: 14 });
    expect(requests[0]?.fields).toMatchObject({
      "subscription_data[trial_period_days]": "14",
      "metadata[user_id]": userId,
    });
    expect(requests[0]?.fields).not.toHaveProperty("client_reference_id");
  });

  test("is an unreadable answer without an address", async () => {
    const { client } = await fakeApi(session({ url: null }));
    await expect(client.checkout(request)).rejects.toMatchObject({ problem: "unavailable", code: "unreadable" });
  });

  test.each([
    ["open", null, { state: "open" }],
    ["expired", null, { state: "expired" }],
    ["complete", SUBSCRIPTION, { state: "paid", subscription: SUBSCRIPTION }],
    ["complete", { id: SUBSCRIPTION }, { state: "paid", subscription: SUBSCRIPTION }],
    ["complete", null, { state: "paid", subscription: null }],
  ])("that is %s with the subscription %j has the right state", async (status, sold, expected) => {
    const { client } = await fakeApi(session({ status, subscription: sold }));
    expect(await client.checkoutState("cs_test_1")).toEqual(expected);
  });

  test.each<[string, Answer[], string, number]>([
    ["open", [session(), session({ status: "expired" })], "closed", 2],
    ["already expired", [session({ status: "expired" })], "closed", 1],
    ["already paid", [session({ status: "complete" })], "paid", 1],
    ["paid in between", [session(), refusal(400, "invalid_request_error"), session({ status: "complete" })], "paid", 3],
  ])("that is %s can be closed with the right result", async (_, answers, outcome, asked) => {
    const { client, requests } = await fakeApi(...answers);
    expect(await client.closeCheckout("cs_test_1")).toBe(outcome);
    expect(requests).toHaveLength(asked);
    if (asked > 1) expect(requests[1]?.request).toBe("POST /v1/checkout/sessions/cs_test_1/expire");
  });

  test("that stays open is not reported as closed", async () => {
    const { client } = await fakeApi(session(), refusal(400, "invalid_request_error"), session());
    await expect(client.closeCheckout("cs_test_1")).rejects.toMatchObject({ problem: "invalid" });
  });
});
