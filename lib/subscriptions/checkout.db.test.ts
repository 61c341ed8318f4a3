import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { chatbotsTable } from "@/app/(product)/chatbots/_lib/chatbots-table";
import { checkoutRequest } from "@/lib/billing/schemas/purchase-requests";
import { DAY } from "@/lib/billing/timeline/calendar";
import { DomainError } from "@/lib/core/domain-error";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { ProcessorError } from "@/lib/processors/processor-client";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { testDatabase } from "@/tests/support/database";
import { playedShop } from "@/tests/support/shop";
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

const wants = (plan: string, rest: object = {}) => checkoutRequest.parse({ product: "writer", plan, ...rest });
const refusal = (request: Promise<unknown>) =>
  request.then(
    () => null,
    (error: unknown) => (error instanceof DomainError ? { problem: error.problem, reason: error.reason } : error),
  );

async function writer(userId = buyer.id) {
  const found = (await gateway.usage(userId)).subscriptions.find(({ product }) => product === "writer");
  if (!found) throw new Error("no writer");
  return found;
}

describe("a checkout", () => {
  test("is opened for a customer of the user's own, who is known before anybody can pay", async () => {
    const { shop, checkouts, customers } = playedShop(gateway);
    const { url, checkout: id } = await checkout(buyer, wants("plus"), shop);
    expect(checkouts).toHaveLength(1);
    expect(checkouts[0]?.request).toMatchObject({
      userId: buyer.id,
      customer: customers[0]?.customer,
      priceId: "price_writer_plus_monthly",
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

  test("clicked twice, and later again, is the same one, with one customer", async () => {
    const { shop, checkouts, customers } = playedShop(gateway, { slow: 40 });
    const twice = await Promise.all([checkout(buyer, wants("plus"), shop), checkout(buyer, wants("plus"), shop)]);
    const again = await checkout(buyer, wants("plus"), shop);
    expect(new Set([...twice, again].map(({ url }) => url)).size).toBe(1);
    expect(checkouts).toHaveLength(1);
    expect(customers).toHaveLength(1);
  });

  test.each([
    ["two plans", [wants("basic"), wants("ultra")]],
    ["two intervals", [wants("plus"), wants("plus", { interval: "yearly" })]],
    ["two processors", [wants("plus"), wants("plus", { processor: "paddle" })]],
    [
      "everything at once",
      [wants("basic"), wants("ultra", { processor: "paddle" }), wants("plus"), wants("plus"), wants("ultra")],
    ],
  ])("%s at once: one can be paid at the end", async (_, wanted) => {
    const { shop, checkouts } = playedShop(gateway, { slow: 30 });
    const opened = await Promise.all(wanted.map((each) => checkout(buyer, each, shop)));
    expect(opened).toHaveLength(wanted.length);
    expect(checkouts.filter(({ state }) => state === "open")).toHaveLength(1);
  });

  test("of another plan closes the first, and has an address of its own", async () => {
    const { shop, checkouts, askedFor, pay } = playedShop(gateway);
    const first = await checkout(buyer, wants("plus"), shop);
    const second = await checkout(buyer, wants("ultra"), shop);
    expect(second.url).not.toBe(first.url);
    expect(checkouts.map(({ state, request }) => [request.priceId, state])).toEqual([
      ["price_writer_plus_monthly", "expired"],
      ["price_writer_ultra_monthly", "open"],
    ]);
    expect(askedFor("closeCheckout")).toEqual([checkouts[0]?.id]);
    pay(checkouts[1]?.id as string);
    expect(await returnFromCheckout(buyer.id, second.checkout, shop)).toMatchObject({ status: "active" });
    expect(await checkoutStatus(buyer.id, first.checkout, shop)).toMatchObject({ status: "expired" });
  });

  test("of another product is another purchase", async () => {
    const { shop, checkouts } = playedShop(gateway);
    await checkout(buyer, wants("plus"), shop);
    await checkout(buyer, checkoutRequest.parse({ product: "chatbots", plan: "growth" }), shop);
    expect(checkouts.filter(({ state }) => state === "open")).toHaveLength(2);
  });

  test("paid while another plan is chosen: fetched, and nothing more is sold", async () => {
    const { shop, checkouts, pay } = playedShop(gateway);
    await checkout(buyer, wants("plus"), shop);
    pay(checkouts[0]?.id as string);
    const second = refusal(checkout(buyer, wants("ultra"), shop));
    expect(await second).toEqual({ problem: "conflict", reason: "already_subscribed" });
    expect(checkouts).toHaveLength(1);
    expect(await writer()).toMatchObject({ plan: "plus", status: "active" });
  });

  test("that ran out is followed by another", async () => {
    const { shop, checkouts } = playedShop(gateway);
    const first = await checkout(buyer, wants("plus"), shop);
    const [ran] = checkouts;
    if (ran) ran.state = "expired";
    const second = await checkout(buyer, wants("plus"), shop);
    expect(second.url).not.toBe(first.url);
  });

  test("that the processor did not make blocks nobody", async () => {
    const { shop, failWith, checkouts } = playedShop(gateway);
    failWith(new ProcessorError("away", "unavailable", null));
    expect(await refusal(checkout(buyer, wants("plus"), shop))).toEqual({
      problem: "unavailable",
      reason: "processor_unavailable",
    });
    failWith(null);
    await checkout(buyer, wants("plus"), shop);
    expect(checkouts).toHaveLength(1);
  });

  test("whose request died while it asked blocks for two minutes, and is closed if it comes back", async () => {
    const { shop } = playedShop(gateway);
    const spec = { userId: buyer.id, product: "writer", plan: "plus", interval: "monthly", trial: false } as const;
    const begun = await gateway.beginCheckout({ ...spec, processor: "stripe" });
    expect(await gateway.beginCheckout({ ...spec, processor: "stripe" })).toEqual({ outcome: "busy" });
    await database
      .pool()
      .query("update checkouts set created_at = now() - interval '3 minutes' where user_id = $1", [buyer.id]);
    await checkout(buyer, wants("plus"), shop);
    if (begun.outcome !== "begun") throw new Error("not begun");
    expect(await gateway.openCheckout(buyer.id, begun.checkout.id, "cs_late", "https://pay.example/late")).toEqual({
      opened: false,
    });
  });
});

describe("is refused", () => {
  const fake = (status: "active" | "incomplete" = "active") => {
    const price = { product: "writer", plan: "plus", interval: "monthly" } as const;
    return fakeStripeSubscription({
      id: `sub_${buyer.id}`,
      userId: buyer.id,
      price,
      startsAt: Date.now() - DAY,
      status,
    });
  };

  test("too many chatbots come first, before any checkout exists, even where one is subscribed", async () => {
    const { shop, asked } = playedShop(gateway);
    const price = { product: "chatbots", plan: "growth", interval: "monthly" } as const;
    const growth = fakeStripeSubscription({
      id: `sub_c${buyer.id}`,
      userId: buyer.id,
      price,
      startsAt: Date.now() - DAY,
    });
    await deliver(gateway, growth.created());
    for (let each = 0; each < 5; each += 1) await chatbotsTable(gateway).create(buyer.id, `bot ${each}`);
    const wanted = checkoutRequest.parse({ product: "chatbots", plan: "Starter" });
    const error = await checkout(buyer, wanted, shop).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      problem: "bad_input",
      reason: "chatbot_limit_exceeded",
      message: "Please delete 2 chatbot(s) to switch to Starter",
    });
    expect(await refusal(checkout(buyer, { ...wanted, plan: "business" }, shop))).toEqual({
      problem: "conflict",
      reason: "already_subscribed",
    });
    expect(asked).toEqual([]);
  });

  test.each([
    ["free", "plan_not_sold"],
    ["growth", "bad_input"],
    ["constructor", "bad_input"],
  ])("the plan %s: %s", async (plan, reason) => {
    const { shop } = playedShop(gateway);
    expect(await refusal(checkout(buyer, wants(plan), shop))).toEqual({ problem: "bad_input", reason });
  });

  test("a processor that is not set up here", async () => {
    const { shop } = playedShop(gateway);
    const closed = { ...shop, getProcessor: async () => undefined };
    expect(await refusal(checkout(buyer, wants("plus"), closed))).toEqual({
      problem: "not_found",
      reason: "processor_not_configured",
    });
  });

  test("a processor whose checkout cannot be opened here", async () => {
    const { shop, clients, checkouts } = playedShop(gateway);
    const closed = {
      ...shop,
      getProcessor: async () => ({ client: clients.stripe, sold: () => "price_1", sells: false }),
    };
    expect(await refusal(checkout(buyer, wants("plus"), closed))).toEqual({
      problem: "not_found",
      reason: "processor_not_configured",
    });
    expect(checkouts).toEqual([]);
  });

  test("a price that is not sold here", async () => {
    const { shop, clients } = playedShop(gateway);
    const without = {
      ...shop,
      getProcessor: async () => ({ client: clients.stripe, sold: () => undefined, sells: true }),
    };
    expect(await refusal(checkout(buyer, wants("plus"), without))).toEqual({
      problem: "bad_input",
      reason: "plan_not_sold",
    });
  });

  test("a second subscription, also one whose first payment is open; after its end it is sold again", async () => {
    const { shop, checkouts } = playedShop(gateway);
    const first = fake("incomplete");
    await deliver(gateway, first.created());
    const again = () => refusal(checkout(buyer, wants("ultra"), shop));
    expect(await again()).toEqual({ problem: "conflict", reason: "already_subscribed" });
    await deliver(gateway, first.changed({ status: "active" }, Date.now() - DAY + 5_000));
    expect(await again()).toEqual({ problem: "conflict", reason: "already_subscribed" });
    await deliver(gateway, first.deleted(Date.now()));
    expect(await again()).toBeNull();
    expect(checkouts).toHaveLength(1);
  });

  test("not for one that has ended at the processor without our hearing of it", async () => {
    const { shop, clients, checkouts } = playedShop(gateway);
    const price = { product: "writer", plan: "plus", interval: "monthly" } as const;
    const startsAt = Date.now() - 90 * DAY;
    const lost = fakeStripeSubscription({ id: `sub_${buyer.id}`, userId: buyer.id, price, startsAt });
    await deliver(gateway, lost.created());
    expect(await writer()).toMatchObject({ plan: "free" });
    clients.stripe.subscription = async (id) => ({
      identity: { customer: `cus_${buyer.id}`, subscription: id, trustedUserId: buyer.id },
      timestampSource: "fetch",
      shared: null,
      facts: [
        {
          product: "writer",
          fact: {
            kind: "snapshot",
            id: `stripe:read:${id}:1:snapshot`,
            processor: "stripe",
            subscription: id,
            at: startsAt + 40 * DAY,
            life: "deleted",
            image: {
              plan: "plus",
              interval: "monthly",
              quantity: 1,
              status: "canceled",
              periodStart: startsAt,
              periodEnd: startsAt + 30 * DAY,
              cancelAt: null,
              trialEnd: null,
              collectionPaused: false,
            },
            before: null,
          },
        },
      ],
    });
    await checkout(buyer, wants("plus"), shop);
    expect(checkouts).toHaveLength(1);
  });

  test("a second trial; and Paddle's trials are its prices'", async () => {
    const { shop, checkouts, pay } = playedShop(gateway);
    const trial = await checkout(buyer, wants("plus", { trial: true }), shop);
    expect(checkouts[0]?.request.trialDays).toBe(14);
    const subscription = pay(checkouts[0]?.id as string, Date.now() - DAY);
    await returnFromCheckout(buyer.id, trial.checkout, shop);
    expect(await writer()).toMatchObject({ plan: "plus", status: "trialing" });
    const ended = fakeStripeSubscription({
      id: subscription,
      userId: buyer.id,
      price: { product: "writer", plan: "plus", interval: "monthly" },
      startsAt: Date.now() - DAY,
    });
    await deliver(gateway, ended.deleted(Date.now()));
    expect(await refusal(checkout(buyer, wants("plus", { trial: true }), shop))).toEqual({
      problem: "conflict",
      reason: "trial_used",
    });
    expect(await refusal(checkout(buyer, wants("plus", { trial: true, processor: "paddle" }), shop))).toEqual({
      problem: "bad_input",
      reason: "no_trial",
    });
    await checkout(buyer, wants("plus"), shop);
  });
});

describe("the way back", () => {
  test("not paid: open, with its address; run out: expired", async () => {
    const { shop, checkouts } = playedShop(gateway);
    const { url, checkout: id } = await checkout(buyer, wants("plus"), shop);
    expect(await returnFromCheckout(buyer.id, id, shop)).toMatchObject({ status: "open", url, plan: "plus" });
    const [made] = checkouts;
    if (made) made.state = "expired";
    expect(await returnFromCheckout(buyer.id, id, shop)).toMatchObject({ status: "expired", url: null });
  });

  test("paid, and the webhook is late: the plan is here; the events that follow change nothing, and reset once", async () => {
    const { shop, checkouts, pay } = playedShop(gateway);
    const { checkout: id } = await checkout(buyer, wants("plus"), shop);
    const at = Math.floor(Date.now() / 1000) * 1000;
    const subscription = pay(checkouts[0]?.id as string, at);
    expect(await checkoutStatus(buyer.id, id, shop)).toMatchObject({ status: "open" });
    expect(await returnFromCheckout(buyer.id, id, shop)).toMatchObject({ status: "active" });
    await gateway.consume(buyer.id, "words_used", 700);

    const price = { product: "writer", plan: "plus", interval: "monthly" } as const;
    const fake = fakeStripeSubscription({ id: subscription, userId: buyer.id, price, startsAt: at });
    await deliver(gateway, { ...fake.created() });
    await deliver(gateway, fake.paid("subscription_create", at + 1_000));
    expect((await writer()).meters[0]).toMatchObject({ used: 700, limit: 15_000 });
    const resets = await database.pool().query("select 1 from usage_resets where user_id = $1", [buyer.id]);
    expect(resets.rows.length).toBeLessThanOrEqual(1);
    const trail = await gateway.decisions(buyer.id, 10);
    expect(trail.filter(({ action }) => action === "reset")).toHaveLength(1);
  });

  test("asked often, it adds its news once", async () => {
    const { shop, checkouts, pay } = playedShop(gateway, { slow: 20 });
    const { checkout: id } = await checkout(buyer, wants("plus"), shop);
    pay(checkouts[0]?.id as string);
    await Promise.all([1, 2, 3, 4].map(() => returnFromCheckout(buyer.id, id, shop)));
    const { rows } = await database.pool().query("select 1 from facts where user_id = $1", [buyer.id]);
    expect(rows).toHaveLength(1);
  });

  test("the webhook was first: nobody is asked", async () => {
    const { shop, checkouts, pay, askedFor } = playedShop(gateway);
    const { checkout: id } = await checkout(buyer, wants("plus"), shop);
    const subscription = pay(checkouts[0]?.id as string);
    const price = { product: "writer", plan: "plus", interval: "monthly" } as const;
    const fake = fakeStripeSubscription({ id: subscription, userId: buyer.id, price, startsAt: Date.now() });
    // Of the customer that the checkout was opened for.
    const event = JSON.parse(JSON.stringify(fake.created()));
    event.data.object.customer = checkouts[0]?.request.customer;
    await deliver(gateway, event);
    expect(await checkoutStatus(buyer.id, id, shop)).toMatchObject({ status: "active" });
    expect(await returnFromCheckout(buyer.id, id, shop)).toMatchObject({ status: "active" });
    expect(askedFor("checkoutState")).toEqual([]);
  });

  test("paid, and the subscription does not exist yet: activating", async () => {
    const { shop, checkouts, pay } = playedShop(gateway);
    const { checkout: id } = await checkout(buyer, wants("plus", { processor: "paddle" }), shop);
    const made = checkouts[0] as (typeof checkouts)[number];
    made.state = "paid";
    expect(await returnFromCheckout(buyer.id, id, shop)).toMatchObject({ status: "activating", url: null });
    expect(await checkoutStatus(buyer.id, id, shop)).toMatchObject({ status: "activating" });
    // Nothing is sold beside what is paid for.
    const another = () => refusal(checkout(buyer, wants("ultra"), shop));
    expect(await another()).toEqual({ problem: "conflict", reason: "payment_activating" });
    made.state = "open";
    pay(made.id);
    expect(await another()).toEqual({ problem: "conflict", reason: "already_subscribed" });
  });

  test("another user's checkout is nobody's: 404, and the processor is not asked", async () => {
    const { shop, asked } = playedShop(gateway);
    const { checkout: id } = await checkout(buyer, wants("plus"), shop);
    const before = asked.length;
    expect(await refusal(returnFromCheckout("mallory", id, shop))).toEqual({
      problem: "not_found",
      reason: "checkout_not_found",
    });
    expect(await refusal(checkoutStatus("mallory", id, shop))).toEqual({
      problem: "not_found",
      reason: "checkout_not_found",
    });
    expect(asked).toHaveLength(before);
  });

  test("a subscription that is another user's gives nothing", async () => {
    const { shop, checkouts, pay, subscriptions } = playedShop(gateway);
    const { checkout: id } = await checkout(buyer, wants("plus"), shop);
    const subscription = pay(checkouts[0]?.id as string);
    const sold = subscriptions.get(subscription);
    if (sold) sold.userId = "somebody-else";
    expect(await returnFromCheckout(buyer.id, id, shop)).toMatchObject({ status: "activating" });
    expect(await writer()).toMatchObject({ plan: "free" });
    expect(await refusal(checkout(buyer, wants("ultra"), shop))).toEqual({
      problem: "conflict",
      reason: "payment_activating",
    });
  });
});
