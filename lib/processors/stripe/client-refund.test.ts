/** The requests to Stripe that refund the payment of a checkout. */
import { describe, expect, test } from "vitest";
import { type Answer, fakeApi, invoice, refusal } from "@/tests/support/fake-stripe-api";

const SESSION = "cs_test_1";
const session = (sold: string | null = "in_1"): Answer => ({ id: SESSION, object: "checkout.session", invoice: sold });
const payment = (status: string, intent: string | null = "pi_1") => ({
  object: "invoice_payment",
  status,
  payment: { type: intent === null ? "charge" : "payment_intent", ...(intent && { payment_intent: intent }) },
});
const paidBy = (...data: object[]) => invoice({ status: "paid", payments: { object: "list", data } });
const REFUND: Answer = { id: "re_1", object: "refund" };

describe("the refund of a duplicate purchase", () => {
  test("is for the whole payment of its invoice", async () => {
    const { client, requests } = await fakeApi(session(), paidBy(payment("canceled", "pi_0"), payment("paid")), REFUND);
    await client.refundCheckout(SESSION);
    expect(requests.map(({ request }) => request)).toEqual([
      `GET /v1/checkout/sessions/${SESSION}`,
      "GET /v1/invoices/in_1",
      "POST /v1/refunds",
    ]);
    expect(requests[1]?.fields).toEqual({ "expand[0]": "payments" });
    expect(requests[2]?.fields).toEqual({ payment_intent: "pi_1", reason: "duplicate" });
  });

  test("has no effect if it is requested again", async () => {
    const again = refusal(400, "invalid_request_error", "charge_already_refunded");
    const { client } = await fakeApi(session(), paidBy(payment("paid")), again);
    await client.refundCheckout(SESSION);
  });

  test("is refused with Stripe's reason", async () => {
    const disputed = refusal(400, "invalid_request_error", "charge_disputed");
    const { client } = await fakeApi(session(), paidBy(payment("paid")), disputed);
    await expect(client.refundCheckout(SESSION)).rejects.toMatchObject({ problem: "invalid", code: "charge_disputed" });
  });

  test.each<[string, Answer[], number]>([
    ["a trial without an invoice", [session(null)], 1],
    ["an invoice over 0", [session(), paidBy()], 2],
  ])("makes no refund request for %s", async (_, answers, asked) => {
    const { client, requests } = await fakeApi(...answers);
    await client.refundCheckout(SESSION);
    expect(requests).toHaveLength(asked);
  });

  test("voids an invoice that is not paid, and waits for a debit that is under way", async () => {
    const open = invoice({ status: "open", payments: { object: "list", data: [payment("open")] } });
    const voided = await fakeApi(session(), open, invoice({ status: "void" }));
    await voided.client.refundCheckout(SESSION);
    expect(voided.requests.at(-1)?.request).toBe("POST /v1/invoices/in_1/void");
    const processing = await fakeApi(session(), open, refusal(400, "invalid_request_error"));
    await expect(processing.client.refundCheckout(SESSION)).rejects.toMatchObject({ problem: "invalid" });
  });
});
