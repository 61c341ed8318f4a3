import { inspect } from "node:util";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { type Answer, API_KEY, clientAt, fakeApi, refusal, SUBSCRIPTION } from "@/tests/support/fake-paddle-api";
import { ProcessorError } from "../processor-client";

async function failure(answer: Answer): Promise<unknown> {
  const { client } = await fakeApi(answer);
  return client.cancel(SUBSCRIPTION, "now").catch((error: unknown) => error);
}

test.each([
  [400, "subscription_payment_declined", "declined"],
  [400, "subscription_update_transaction_balance_less_than_charge_limit", "amount_too_small"],
  [400, "transaction_balance_less_than_charge_limit", "amount_too_small"],
  [400, "transaction_recurring_balance_less_than_charge_limit", "amount_too_small"],
  [400, "transaction_discount_not_eligible", "invalid_code"],
  [400, "transaction_discount_not_found", "invalid_code"],
  [400, "transaction_invalid_discount_currency", "invalid_code"],
  [400, "discount_expired", "invalid_code"],
  [400, "discount_usage_limit_exceeded", "invalid_code"],
  [400, "subscription_discount_not_valid_for_items", "invalid"],
  [400, "subscription_missing_payment_method_cannot_update", "no_payment_method"],
  [404, "not_found", "not_found"],
  [404, "entity_not_found", "not_found"],
  [400, "invalid_field", "invalid"],
  [409, "subscription_locked_processing", "busy"],
  [400, "subscription_locked_renewal", "busy"],
  [400, "subscription_locked_pending_changes", "busy"],
  [400, "subscription_outstanding_pending_refund", "refund_pending"],
  [409, "subscription_outstanding_transaction", "busy"],
  [400, "subscription_update_when_past_due", "busy"],
  [429, "subscription_immediate_charge_hour_limit_exceeded", "busy"],
  [400, "transaction_checkout_url_domain_is_not_approved", "invalid"],
  [403, "forbidden", "invalid"],
  [429, "too_many_requests", "unavailable"],
  [500, "internal_error", "unavailable"],
  [503, "service_unavailable", "unavailable"],
] as const)("%i %s is %s", async (status, code, problem) => {
  const error = await failure(refusal(status, code, "Paddle's own text"));
  expect(error).toBeInstanceOf(ProcessorError);
  expect(error).toMatchObject({ problem, code });
  expect((error as Error).message).toContain("Paddle's own text");
});

describe("an unusable answer is unavailable:", () => {
  test.each<[string, Answer, string]>([
    ["a proxy's page", { status: 502, raw: "<html>Bad Gateway</html>" }, "unreadable"],
    ["an empty body", { status: 504, raw: "" }, "unreadable"],
    ["another JSON", { status: 200, raw: '{"message":"hello"}' }, "unreadable"],
    ["null", { status: 200, raw: "null" }, "unreadable"],
    ["no answer in time", "silence", "timeout"],
    ["a connection that breaks", "hang up", "UND_ERR_SOCKET"],
  ])("%s", async (_, answer, code) => {
    const error = await failure(answer);
    expect(error).toBeInstanceOf(ProcessorError);
    expect(error).toMatchObject({ problem: "unavailable", code });
  });

  test("a closed port", async () => {
    const error = await clientAt("http://127.0.0.1:1")
      .undoCancel(SUBSCRIPTION)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProcessorError);
    expect(error).toMatchObject({ problem: "unavailable" });
  });

  test("an answer in time clears its timer", async () => {
    const { client } = await fakeApi({ data: { url: "https://invoices.example/1.pdf" } });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    await client.invoicePdf("txn_1");
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("an error does not contain the key", () => {
  test("if Paddle repeats it", async () => {
    const error = await failure(refusal(403, "authentication_malformed", `The key ${API_KEY} is not one.`));
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(API_KEY);
  });

  test("if the key cannot be sent and fetch quotes the whole header", async () => {
    const client = clientAt("http://127.0.0.1:1", { apiKey: `${API_KEY}\nsecond line` });
    const error = await client.undoCancel(SUBSCRIPTION).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProcessorError);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(API_KEY);
  });
});

test.each(["../customers/ctm_1", "txn_1/../../prices", "txn_1?include=customer", "a,b", "txn 1", ""])(
  "an id that would change the request's path is not sent: %j",
  async (id) => {
    const { client, requests } = await fakeApi();
    const change = { subscription: id, priceId: "pri_mail_titanium_monthly", timing: "now" } as const;
    const calls: Promise<unknown>[] = [client.invoicePdf(id), client.invoices({ customer: id }), client.portal(id, [])];
    calls.push(client.preview(change), client.change(change), client.cancel(id, "now"), client.undoCancel(id));
    for (const call of calls) await expect(call).rejects.toMatchObject({ problem: "not_found", code: "malformed_id" });
    expect(requests).toEqual([]);
  },
);
