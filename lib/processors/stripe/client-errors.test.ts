import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { type Answer, API_KEY, clientAt, fakeApi, refusal, SUBSCRIPTION } from "@/tests/support/fake-stripe-api";
import { ProcessorError } from "../processor-client";

async function failure(answer: Answer): Promise<unknown> {
  // The SDK's retries get the same answer.
  const { client } = await fakeApi(answer, answer, answer);
  return client.undoCancel(SUBSCRIPTION).catch((error: unknown) => error);
}

test.each<[number, string, string | undefined, string]>([
  [402, "card_error", "card_declined", "declined"],
  [404, "invalid_request_error", "resource_missing", "not_found"],
  [400, "invalid_request_error", "resource_missing", "not_found"],
  [400, "invalid_request_error", "parameter_unknown", "invalid"],
  [400, "invalid_request_error", "customer_tax_location_invalid", "no_tax_address"],
  [400, "idempotency_error", undefined, "invalid"],
  [409, "idempotency_error", "idempotency_key_in_use", "unavailable"],
  [401, "invalid_request_error", undefined, "invalid"],
  [403, "invalid_request_error", undefined, "invalid"],
  [429, "rate_limit_error", "rate_limit", "unavailable"],
  [429, "invalid_request_error", "lock_timeout", "busy"],
  [500, "api_error", undefined, "unavailable"],
  [503, "api_error", undefined, "unavailable"],
])("%i %s %s is %s", async (status, type, code, problem) => {
  const error = await failure(refusal(status, type, code, "Stripe's own text"));
  expect(error).toBeInstanceOf(ProcessorError);
  expect(error).toMatchObject({ problem });
  if (code) expect(error).toMatchObject({ code });
  expect((error as Error).message).toContain("Stripe's own text");
});

test("a charge without a payment method differs from an absent object", async () => {
  const message = "This customer has no attached payment source or default payment method. Please consider adding one.";
  expect(await failure(refusal(400, "invalid_request_error", "resource_missing", message))).toMatchObject({
    problem: "no_payment_method",
  });
});

test("a card's own reason is the code", async () => {
  const declined = { type: "card_error", code: "card_declined", decline_code: "insufficient_funds", message: "no" };
  expect(await failure({ status: 402, error: declined })).toMatchObject({ code: "insufficient_funds" });
});

describe("an unusable answer is unavailable:", () => {
  test.each<[string, Answer]>([
    ["a proxy's page", { status: 502, raw: "<html>Bad Gateway</html>" }],
    ["an empty body", { status: 200, raw: "" }],
    ["another JSON", { status: 200, raw: '["hello"]' }],
    ["null", { status: 200, raw: "null" }],
    ["no answer in time", "silence"],
    ["a connection that breaks", "hang up"],
  ])("%s", async (_, answer) => {
    const { client } = await fakeApi(answer, answer, answer);
    const change = { subscription: SUBSCRIPTION, priceId: "price_mail_titanium_monthly", timing: "now" } as const;
    const error = await client.preview(change).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProcessorError);
    expect(error).toMatchObject({ problem: "unavailable" });
  });

  test("a closed port", async () => {
    const error = await clientAt(1)
      .undoCancel(SUBSCRIPTION)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProcessorError);
    expect(error).toMatchObject({ problem: "unavailable" });
  });
});

describe("an error does not contain the key", () => {
  test("if Stripe repeats it", async () => {
    const error = await failure(refusal(401, "invalid_request_error", undefined, `Invalid API Key: ${API_KEY}`));
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(API_KEY);
  });

  test("if the key cannot be sent", async () => {
    const error = await clientAt(1, { apiKey: `${API_KEY}\nsecond line` })
      .undoCancel(SUBSCRIPTION)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProcessorError);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(API_KEY);
  });
});

test.each(["../customers/cus_1", "in_1/../../prices", "in_1?expand[]=customer", "a,b", "in 1", ""])(
  "an id that would change the request's path is not sent: %j",
  async (id) => {
    const { client, requests } = await fakeApi();
    const change = { subscription: id, priceId: "price_mail_titanium_monthly", timing: "now" } as const;
    const calls: Promise<unknown>[] = [client.invoicePdf(id), client.invoices({ customer: id }), client.portal(id, [])];
    calls.push(client.preview(change), client.change(change), client.change({ ...change, timing: "renewal" }));
    calls.push(client.cancel(id, "now"), client.undoCancel(id), client.unpause(id), client.cancelScheduledChange(id));
    calls.push(client.subscription(id), client.checkoutState(id), client.closeCheckout(id));
    for (const call of calls) await expect(call).rejects.toMatchObject({ problem: "not_found", code: "malformed_id" });
    expect(requests).toEqual([]);
  },
);
