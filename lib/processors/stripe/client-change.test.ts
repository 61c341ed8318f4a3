import { describe, expect, test } from "vitest";
import type { StripeObject } from "@/lib/sandbox/event-builders/stripe/events";
import { fakeApi, invoice, RENEWS, refusal, SUBSCRIPTION, subscription } from "@/tests/support/fake-stripe-api";
import type { PlanChange } from "../processor-client";

const PATH = `/v1/subscriptions/${SUBSCRIPTION}`;
const upgrade: PlanChange = { subscription: SUBSCRIPTION, priceId: "price_mail_titanium_monthly", timing: "now" };
const yearly: PlanChange = { ...upgrade, priceId: "price_mail_silver_yearly" };
const method = (type: string) => ({ id: "pm_1", object: "payment_method", type });
const customer = (type: string | null, over: object = {}) => ({
  id: "cus_Tollgate1",
  object: "customer",
  invoice_settings: { default_payment_method: type === null ? null : method(type) },
  ...over,
});

describe("Case P5: the collection of a change", () => {
  const sent = { collection_method: "send_invoice", days_until_due: 14 };
  test.each<[string, StripeObject, string, number | null]>([
    ["a card of the subscription", { default_payment_method: method("card") }, "card", null],
    ["a wallet", { default_payment_method: method("link") }, "card", null],
    ["a bank account of the subscription", { default_payment_method: method("us_bank_account") }, "bank_debit", 4],
    ["a SEPA account", { default_payment_method: method("sepa_debit") }, "bank_debit", 14],
    [
      "an account with a debit of unknown duration",
      { default_payment_method: method("nz_bank_account") },
      "bank_debit",
      null,
    ],
    [
      "the customer's bank account, if the subscription names none",
      { default_payment_method: null, customer: customer("bacs_debit") },
      "bank_debit",
      7,
    ],
    [
      "the subscription's card before the customer's bank account",
      { default_payment_method: method("card"), customer: customer("bacs_debit") },
      "card",
      null,
    ],
    ["a customer without a payment method", { default_payment_method: null, customer: customer(null) }, "card", null],
    [
      "a deleted customer",
      { default_payment_method: null, customer: { id: "cus_1", object: "customer", deleted: true } },
      "card",
      null,
    ],
    ["a payment method that is not expanded", { default_payment_method: "pm_1" }, "card", null],
    ["a sent invoice", { ...sent, default_payment_method: method("us_bank_account") }, "sent_invoice", 14],
  ])("%s", async (_, over, collection, collectionDays) => {
    const shown = await fakeApi(subscription(over), invoice(), invoice());
    expect(await shown.client.preview(upgrade)).toMatchObject({ collection, collectionDays });
    expect(shown.requests[0]?.fields).toMatchObject({
      "expand[0]": "default_payment_method",
      "expand[1]": "customer.invoice_settings.default_payment_method",
    });
    const { client, requests } = await fakeApi(subscription(over), subscription());
    expect(await client.change(upgrade)).toEqual({ outcome: "requested" });
    expect(requests[1]?.fields).toMatchObject({
      proration_behavior: "always_invoice",
      payment_behavior: collection === "card" ? "pending_if_incomplete" : "allow_incomplete",
    });
  });
});

describe("Case P6: the billing cycle, in both billing modes,", () => {
  const NEW_CYCLE = "billing_cycle_anchor[type]";

  test("begins anew with an immediate change to another interval and in its preview", async () => {
    const changed = await fakeApi(subscription(), subscription());
    await changed.client.change(yearly);
    expect(changed.requests[1]?.fields).toMatchObject({ [NEW_CYCLE]: "now" });
    const shown = await fakeApi(subscription(), invoice(), invoice());
    await shown.client.preview(yearly);
    for (const { fields } of shown.requests.slice(1)) {
      expect(fields).toMatchObject({ "subscription_details[billing_cycle_anchor][type]": "now" });
    }
  });

  test("continues with the same interval and in a trial", async () => {
    for (const [over, change] of [
      [{}, upgrade],
      [{ status: "trialing", trial_end: RENEWS }, yearly],
    ] as const) {
      const { client, requests } = await fakeApi(subscription(over), subscription());
      await client.change(change);
      expect(requests[1]?.fields).not.toHaveProperty([NEW_CYCLE]);
    }
  });

  test.each([
    ["another interval", "price_mail_bronze_yearly", "phase_start"],
    ["the same interval", "price_mail_bronze_monthly", undefined],
  ])("at a renewal with %s has the right anchor", async (_, priceId, anchor) => {
    const schedule = { id: "sub_sched_1", object: "subscription_schedule", status: "active", phases: [] };
    const { client, requests } = await fakeApi(subscription(), schedule, schedule);
    await client.change({ subscription: SUBSCRIPTION, priceId, timing: "renewal" });
    expect(requests[2]?.fields["phases[1][billing_cycle_anchor]"]).toBe(anchor);
    expect(requests[2]?.fields).not.toHaveProperty(["phases[0][billing_cycle_anchor]"]);
  });
});

describe("the end of a pause", () => {
  const FLEXIBLE = { type: "flexible", flexible: { proration_discounts: "included" } };
  const paused = (over: StripeObject = {}) => subscription({ status: "paused", ...over });
  const waiting = (over: StripeObject = {}) =>
    paused({ pending_update: { expires_at: RENEWS }, latest_invoice: "in_resume", ...over });
  const page = { outcome: "payment_needed", url: "https://invoice.stripe.example/i/1" };

  test("of a flexible subscription is charged by the request itself", async () => {
    const { client, requests } = await fakeApi(paused({ billing_mode: FLEXIBLE }), subscription());
    expect(await client.unpause(SUBSCRIPTION)).toEqual({ outcome: "requested" });
    expect(requests[1]).toMatchObject({ request: `POST ${PATH}/resume` });
    expect(requests[1]?.fields).toEqual({
      "billing_cycle_anchor[type]": "now",
      payment_behavior: "resume_on_payment_success",
    });
  });

  test("that the payer must confirm returns the invoice's address, also at a second request", async () => {
    const first = await fakeApi(
      paused({ billing_mode: FLEXIBLE }),
      waiting({ billing_mode: FLEXIBLE }),
      invoice({ status: "open" }),
    );
    expect(await first.client.unpause(SUBSCRIPTION)).toEqual(page);
    expect(first.requests[2]?.request).toBe("GET /v1/invoices/in_resume");
    const second = await fakeApi(waiting({ billing_mode: FLEXIBLE }), invoice({ status: "open" }));
    expect(await second.client.unpause(SUBSCRIPTION)).toEqual(page);
    expect(second.requests.map(({ request }) => request)).toEqual([`GET ${PATH}`, "GET /v1/invoices/in_resume"]);
  });

  test("of a classic subscription pays its new invoice", async () => {
    const { client, requests } = await fakeApi(paused(), waiting(), invoice());
    expect(await client.unpause(SUBSCRIPTION)).toEqual({ outcome: "requested" });
    expect(requests[1]?.fields).toEqual({ "billing_cycle_anchor[type]": "now" });
    expect(requests[2]).toMatchObject({
      request: "POST /v1/invoices/in_resume/pay",
      fields: { off_session: "false" },
    });
  });

  test("of a classic subscription returns the invoice's address after a decline, and fails otherwise", async () => {
    const declined = await fakeApi(paused(), waiting(), refusal(402, "card_error", "card_declined"), invoice());
    expect(await declined.client.unpause(SUBSCRIPTION)).toEqual(page);
    const broken = await fakeApi(paused(), waiting(), refusal(500, "api_error"));
    await expect(broken.client.unpause(SUBSCRIPTION)).rejects.toMatchObject({ problem: "unavailable" });
  });

  test("without a card is refused with its own problem", async () => {
    const message = "This customer has no attached payment source or default payment method.";
    const { client } = await fakeApi(
      paused({ billing_mode: FLEXIBLE }),
      refusal(400, "invalid_request_error", "resource_missing", message),
    );
    await expect(client.unpause(SUBSCRIPTION)).rejects.toMatchObject({ problem: "no_payment_method" });
  });

  test("of the collection only is no resumption", async () => {
    const { client } = await fakeApi(subscription({ pause_collection: { behavior: "void" } }), subscription());
    expect(await client.unpause(SUBSCRIPTION)).toEqual({ outcome: "requested" });
  });
});
