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

describe("the return from a checkout", () => {
  test("not paid: open, with its address; out of time: expired", async () => {
    const { context, checkouts } = fakeProcessors(gateway);
    const { url, checkout: id } = await checkout(buyer, wants("silver"), context);
    expect(await returnFromCheckout(buyer.id, id, context)).toMatchObject({ status: "open", url, plan: "silver" });
    const [made] = checkouts;
    if (made) made.state = "expired";
    expect(await returnFromCheckout(buyer.id, id, context)).toMatchObject({ status: "expired", url: null });
  });

  test("paid, and the webhook is late: the plan is active; the later events reset once and change nothing else", async () => {
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
    const trail = await gateway.decisions(buyer.id, 10);
    expect(trail.filter(({ action }) => action === "reset")).toHaveLength(1);
  });

  test("concurrent returns add its facts once", async () => {
    const { context, checkouts, pay } = fakeProcessors(gateway, { answerMs: 20 });
    const { checkout: id } = await checkout(buyer, wants("silver"), context);
    pay(checkouts[0]?.id as string);
    await Promise.all([1, 2, 3, 4].map(() => returnFromCheckout(buyer.id, id, context)));
    const { rows } = await database.pool().query("select 1 from facts where user_id = $1", [buyer.id]);
    expect(rows).toHaveLength(1);
  });

  test("the webhook was first: no request to the processor", async () => {
    const { context, checkouts, pay, requestsOf } = fakeProcessors(gateway);
    const { checkout: id } = await checkout(buyer, wants("silver"), context);
    const subscription = pay(checkouts[0]?.id as string);
    const price = { product: "mail", plan: "silver", interval: "monthly" } as const;
    const fake = fakeStripeSubscription({ id: subscription, userId: buyer.id, price, startsAt: Date.now() });
    // Of the customer that the checkout was opened for.
    const event = JSON.parse(JSON.stringify(fake.created()));
    event.data.object.customer = checkouts[0]?.request.customer;
    await deliver(gateway, event);
    expect(await checkoutStatus(buyer.id, id, context)).toMatchObject({ status: "active" });
    expect(await returnFromCheckout(buyer.id, id, context)).toMatchObject({ status: "active" });
    expect(requestsOf("checkoutState")).toEqual([]);
  });

  test("paid, and the subscription does not exist yet: activating", async () => {
    const { context, checkouts, pay } = fakeProcessors(gateway);
    const { checkout: id } = await checkout(buyer, wants("silver", { processor: "paddle" }), context);
    const made = checkouts[0] as (typeof checkouts)[number];
    made.state = "paid";
    expect(await returnFromCheckout(buyer.id, id, context)).toMatchObject({ status: "activating", url: null });
    expect(await checkoutStatus(buyer.id, id, context)).toMatchObject({ status: "activating" });
    // Nothing is sold beside what is paid for.
    const another = () => refusal(checkout(buyer, wants("titanium"), context));
    expect(await another()).toEqual({ problem: "conflict", reason: "payment_activating" });
    made.state = "open";
    pay(made.id);
    expect(await another()).toEqual({ problem: "conflict", reason: "already_subscribed" });
  });

  test("another user's checkout: 404, without a request to the processor", async () => {
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

  test("a subscription of another user gives nothing", async () => {
    const { context, checkouts, pay, subscriptions } = fakeProcessors(gateway);
    const { checkout: id } = await checkout(buyer, wants("silver"), context);
    const subscription = pay(checkouts[0]?.id as string);
    const sold = subscriptions.get(subscription);
    if (sold) sold.userId = "somebody-else";
    expect(await returnFromCheckout(buyer.id, id, context)).toMatchObject({ status: "activating" });
    expect(await mail()).toMatchObject({ plan: "free" });
    expect(await refusal(checkout(buyer, wants("titanium"), context))).toEqual({
      problem: "conflict",
      reason: "payment_activating",
    });
  });
});
