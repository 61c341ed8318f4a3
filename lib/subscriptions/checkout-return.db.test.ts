/** The return of a payer from a checkout, before and after the webhook. */
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { checkoutRequest } from "@/lib/billing/schemas/purchase-requests";
import { DomainError } from "@/lib/core/domain-error";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { testDatabase } from "@/tests/support/database";
import { fakeProcessors } from "@/tests/support/fake-processors";
import { deliver } from "@/tests/support/stripe";
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

describe("the status after the return from a checkout", () => {
  test("is open with the address before the payment, and expired later", async () => {
    const { context, checkouts } = fakeProcessors(gateway);
    const { url, checkout: id } = await checkout(buyer, wants("silver"), context);
    expect(await returnFromCheckout(buyer.id, id, context)).toMatchObject({ status: "open", url, plan: "silver" });
    const [made] = checkouts;
    if (made) made.state = "expired";
    expect(await returnFromCheckout(buyer.id, id, context)).toMatchObject({ status: "expired", url: null });
  });

  test("is active after the payment and before the webhook; the later events change nothing", async () => {
    const { context, checkouts, pay } = fakeProcessors(gateway);
    const { checkout: id } = await checkout(buyer, wants("silver"), context);
    const at = Math.floor(Date.now() / 1000) * 1000;
    const subscription = pay(checkouts[0]?.id as string, at);
    expect(await checkoutStatus(buyer.id, id, context)).toMatchObject({ status: "open" });
    expect(await returnFromCheckout(buyer.id, id, context)).toMatchObject({ status: "active" });
    await gateway.consume(buyer.id, "stamps_used", 700);

    const price = { product: "mail", plan: "silver", interval: "monthly" } as const;
    const fake = fakeStripeSubscription({ id: subscription, userId: buyer.id, price, startsAt: at });
    await deliver(gateway, { ...fake.created() });
    await deliver(gateway, fake.paid("subscription_create", at + 1_000));
    expect((await mail()).meters[0]).toMatchObject({ used: 700, limit: 15_000 });
    const resets = await database.pool().query("select 1 from usage_resets where user_id = $1", [buyer.id]);
    expect(resets.rows.length).toBeLessThanOrEqual(1);
    const decisions = await gateway.decisions(buyer.id, 10);
    expect(decisions.filter(({ action }) => action === "reset")).toHaveLength(1);
  });

  test("is active for concurrent returns, which add the facts once", async () => {
    const { context, checkouts, pay } = fakeProcessors(gateway, { answerMs: 20 });
    const { checkout: id } = await checkout(buyer, wants("silver"), context);
    pay(checkouts[0]?.id as string);
    await Promise.all([1, 2, 3, 4].map(() => returnFromCheckout(buyer.id, id, context)));
    const { rows } = await database.pool().query("select 1 from facts where user_id = $1", [buyer.id]);
    expect(rows).toHaveLength(1);
  });

  test("is active without a request to the processor after the webhook", async () => {
    const { context, checkouts, pay, requestsOf } = fakeProcessors(gateway);
    const { checkout: id } = await checkout(buyer, wants("silver"), context);
    const subscription = pay(checkouts[0]?.id as string);
    const price = { product: "mail", plan: "silver", interval: "monthly" } as const;
    const fake = fakeStripeSubscription({ id: subscription, userId: buyer.id, price, startsAt: Date.now() });
    // The event has the checkout's customer.
    const event = JSON.parse(JSON.stringify(fake.created()));
    event.data.object.customer = checkouts[0]?.request.customer;
    await deliver(gateway, event);
    expect(await checkoutStatus(buyer.id, id, context)).toMatchObject({ status: "active" });
    expect(await returnFromCheckout(buyer.id, id, context)).toMatchObject({ status: "active" });
    expect(requestsOf("checkoutState")).toEqual([]);
  });

  test("is activating after the payment and before the subscription exists", async () => {
    const { context, checkouts, pay } = fakeProcessors(gateway);
    const { checkout: id } = await checkout(buyer, wants("silver", { processor: "paddle" }), context);
    const made = checkouts[0] as (typeof checkouts)[number];
    made.state = "paid";
    expect(await returnFromCheckout(buyer.id, id, context)).toMatchObject({ status: "activating", url: null });
    expect(await checkoutStatus(buyer.id, id, context)).toMatchObject({ status: "activating" });
    // A paid checkout blocks other purchases.
    const another = () => refusal(checkout(buyer, wants("titanium"), context));
    expect(await another()).toEqual({ problem: "conflict", reason: "payment_activating" });
    made.state = "open";
    pay(made.id);
    expect(await another()).toEqual({ problem: "conflict", reason: "already_subscribed" });
  });

  test("is not found for another user's checkout, without a request to the processor", async () => {
    const { context, requests } = fakeProcessors(gateway);
    const { checkout: id } = await checkout(buyer, wants("silver"), context);
    const before = requests.length;
    expect(await refusal(returnFromCheckout("mallory", id, context))).toEqual({
      problem: "not_found",
      reason: "checkout_not_found",
    });
    expect(await refusal(checkoutStatus("mallory", id, context))).toEqual({
      problem: "not_found",
      reason: "checkout_not_found",
    });
    expect(requests).toHaveLength(before);
  });

  test("is activating if the subscription has another user, and the plan stays free", async () => {
    const { context, checkouts, pay, subscriptions } = fakeProcessors(gateway);
    const { checkout: id } = await checkout(buyer, wants("silver"), context);
    const subscription = pay(checkouts[0]?.id as string);
    const sold = subscriptions.get(subscription);
    if (sold) sold.userId = "another-user";
    expect(await returnFromCheckout(buyer.id, id, context)).toMatchObject({ status: "activating" });
    expect(await mail()).toMatchObject({ plan: "free" });
    expect(await refusal(checkout(buyer, wants("titanium"), context))).toEqual({
      problem: "conflict",
      reason: "payment_activating",
    });
  });
});
