import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { checkoutRequest } from "@/lib/billing/schemas/purchase-requests";
import { DomainError } from "@/lib/core/domain-error";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { ProcessorError } from "@/lib/processors/processor-client";
import { testDatabase } from "@/tests/support/database";
import { fakeProcessors } from "@/tests/support/fake-processors";
import { checkout } from "./checkout";
import { checkoutStatus, returnFromCheckout } from "./checkout-return";

const database = testDatabase();
const gateway = createGateway(postgresTransport(database.url));

afterAll(() => gateway.end());

let users = 0;

let buyer = { id: "", email: "one@example.com" };

beforeEach(() => {
  users += 1;
  buyer = { id: `buyer-${users}`, email: "one@example.com" };
});

const wants = (plan: string, rest: object = {}) => checkoutRequest.parse({ product: "mail", plan, ...rest });
const refusal = (request: Promise<unknown>) =>
  request.then(
    () => null,
    (error: unknown) => (error instanceof DomainError ? { problem: error.problem, reason: error.reason } : error),
  );

async function mail(userId = buyer.id) {
  const found = (await gateway.usage(userId)).subscriptions.find(({ product }) => product === "mail");
  if (!found) throw new Error("no mail");
  return found;
}

describe("a checkout", () => {
  test("is opened for the user's own customer, with a link that is stored before a payment is possible", async () => {
    const { context, checkouts, customers } = fakeProcessors(gateway);
    const { url, checkout: id } = await checkout(buyer, wants("silver"), context);
    expect(checkouts).toHaveLength(1);
    expect(checkouts[0]?.request).toMatchObject({
      userId: buyer.id,
      customer: customers[0]?.customer,
      priceId: "price_mail_silver_monthly",
      returnUrl: `https://app.example/billing?checkout=${id}`,
      checkoutPage: `https://app.example/checkout/stripe?checkout=${id}`,
      idempotencyKey: id,
    });
    expect(url).toBe(`https://pay.example/${checkouts[0]?.id}`);
    expect((await gateway.billingAccounts(buyer.id)).customers).toEqual([
      { processor: "stripe", customer: customers[0]?.customer },
    ]);
    const links = await gateway.resolveLinks("stripe", {
      customer: null,
      subscription: null,
      transaction: checkouts[0]?.id as string,
      trustedUserId: null,
    });
    expect(links.userId).toBe(buyer.id);
  });

  test("is the same one after repeated requests, with one customer", async () => {
    const { context, checkouts, customers } = fakeProcessors(gateway, { answerMs: 40 });
    const twice = await Promise.all([
      checkout(buyer, wants("silver"), context),
      checkout(buyer, wants("silver"), context),
    ]);
    const again = await checkout(buyer, wants("silver"), context);
    expect(new Set([...twice, again].map(({ url }) => url)).size).toBe(1);
    expect(checkouts).toHaveLength(1);
    expect(customers).toHaveLength(1);
  });

  test.each([
    ["two plans", [wants("bronze"), wants("titanium")]],
    ["two intervals", [wants("silver"), wants("silver", { interval: "yearly" })]],
    ["two processors", [wants("silver"), wants("silver", { processor: "paddle" })]],
    [
      "several plans and processors",
      [
        wants("bronze"),
        wants("titanium", { processor: "paddle" }),
        wants("silver"),
        wants("silver"),
        wants("titanium"),
      ],
    ],
  ])("leaves one that can be paid after concurrent requests for %s", async (_, wanted) => {
    const { context, checkouts } = fakeProcessors(gateway, { answerMs: 30 });
    const opened = await Promise.all(wanted.map((each) => checkout(buyer, each, context)));
    expect(opened).toHaveLength(wanted.length);
    expect(checkouts.filter(({ state }) => state === "open")).toHaveLength(1);
  });

  test("of another plan closes the first one, and has its own address", async () => {
    const { context, checkouts, requestsOf, pay } = fakeProcessors(gateway);
    const first = await checkout(buyer, wants("silver"), context);
    const second = await checkout(buyer, wants("titanium"), context);
    expect(second.url).not.toBe(first.url);
    expect(checkouts.map(({ state, request }) => [request.priceId, state])).toEqual([
      ["price_mail_silver_monthly", "expired"],
      ["price_mail_titanium_monthly", "open"],
    ]);
    expect(requestsOf("closeCheckout")).toEqual([checkouts[0]?.id]);
    pay(checkouts[1]?.id as string);
    expect(await returnFromCheckout(buyer.id, second.checkout, context)).toMatchObject({ status: "active" });
    expect(await checkoutStatus(buyer.id, first.checkout, context)).toMatchObject({ status: "expired" });
  });

  test("of another product does not close the first one", async () => {
    const { context, checkouts } = fakeProcessors(gateway);
    await checkout(buyer, wants("silver"), context);
    await checkout(buyer, checkoutRequest.parse({ product: "depot", plan: "office" }), context);
    expect(checkouts.filter(({ state }) => state === "open")).toHaveLength(2);
  });

  test("that was paid is fetched at a second request, which is refused", async () => {
    const { context, checkouts, pay } = fakeProcessors(gateway);
    await checkout(buyer, wants("silver"), context);
    pay(checkouts[0]?.id as string);
    const second = refusal(checkout(buyer, wants("titanium"), context));
    expect(await second).toEqual({ problem: "conflict", reason: "already_subscribed" });
    expect(checkouts).toHaveLength(1);
    expect(await mail()).toMatchObject({ plan: "silver", status: "active" });
  });

  test("that expired is replaced by another one", async () => {
    const { context, checkouts } = fakeProcessors(gateway);
    const first = await checkout(buyer, wants("silver"), context);
    const [ran] = checkouts;
    if (ran) ran.state = "expired";
    const second = await checkout(buyer, wants("silver"), context);
    expect(second.url).not.toBe(first.url);
  });

  test("that the processor did not create blocks no other checkout", async () => {
    const { context, failWith, checkouts } = fakeProcessors(gateway);
    failWith(new ProcessorError("away", "unavailable", null));
    expect(await refusal(checkout(buyer, wants("silver"), context))).toEqual({
      problem: "unavailable",
      reason: "processor_unavailable",
    });
    failWith(null);
    await checkout(buyer, wants("silver"), context);
    expect(checkouts).toHaveLength(1);
  });

  test("with a lost request blocks for two minutes, and does not open if its answer arrives later", async () => {
    const { context } = fakeProcessors(gateway);
    const spec = { userId: buyer.id, product: "mail", plan: "silver", interval: "monthly", trial: false } as const;
    const begun = await gateway.beginCheckout({ ...spec, processor: "stripe" });
    expect(await gateway.beginCheckout({ ...spec, processor: "stripe" })).toEqual({ outcome: "busy" });
    await database
      .pool()
      .query("update checkouts set created_at = now() - interval '3 minutes' where user_id = $1", [buyer.id]);
    await checkout(buyer, wants("silver"), context);
    if (begun.outcome !== "begun") throw new Error("not begun");
    expect(await gateway.openCheckout(buyer.id, begun.checkout.id, "cs_late", "https://pay.example/late")).toEqual({
      opened: false,
    });
  });
});
