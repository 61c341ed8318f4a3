/** The documents' integration flows, step by step, with each processor. */

import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { chatbotsTable } from "@/app/(product)/chatbots/_lib/chatbots-table";
import { checkoutRequest } from "@/lib/billing/schemas/purchase-requests";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import { fakePaddleSubscription } from "@/lib/sandbox/event-builders/paddle/fake-subscription";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { checkout } from "@/lib/subscriptions/checkout";
import { fakeProcessors } from "@/tests/support/fake-processors";
import { meteredDatabase } from "@/tests/support/metered";
import { deliverPaddle } from "@/tests/support/paddle";
import { deliver } from "@/tests/support/stripe";

const { gateway, subscribe, meter } = meteredDatabase();
const STARTER = { product: "chatbots", plan: "starter", interval: "monthly" } as const;

const PROCESSORS = {
  /** At Paddle the transaction of our server names the user. */
  async paddle(userId: string, transaction: string) {
    const fake = fakePaddleSubscription({ id: `sub_${userId}`, price: STARTER, startsAt: Date.now() });
    await gateway.linkTransaction("paddle", fake.transaction, userId);
    expect(transaction).toMatch(/^txn_/);
    await deliverPaddle(gateway, fake.paid("web", Date.now()));
    await deliverPaddle(gateway, fake.created());
  },
  async stripe(userId: string, session: string) {
    expect(session).toMatch(/^cs_/);
    const fake = fakeStripeSubscription({ id: `sub_${userId}`, userId, price: STARTER, startsAt: Date.now() });
    await deliver(gateway, fake.created());
    await deliver(gateway, fake.paid("subscription_create", Date.now(), "invoice.payment_succeeded"));
  },
};

describe("end to end", () => {
  test.each(Object.entries(PROCESSORS))("from free to Starter and its 2,000th message, with %s", async (name, pays) => {
    const userId = `flow-${name}`;
    const usage = async () => [await meter(userId, "messages_count"), await meter(userId, "chatbots_count")];
    const meters = (messages: [number, number], chatbots: [number, number]) => [
      expect.objectContaining({ used: messages[0], limit: messages[1] }),
      expect.objectContaining({ used: chatbots[0], limit: chatbots[1] }),
    ];

    // 1 to 3: free, one chatbot, no second.
    expect(await usage()).toEqual(meters([0, 100], [0, 1]));
    const first = await chatbotsTable(gateway).create(userId, "First");
    expect(await usage()).toEqual(meters([0, 100], [1, 1]));
    expect((await chatbotsTable(gateway).create(userId, "Second")).verdict).toMatchObject({ reason: "limit_reached" });
    await gateway.consume(userId, "messages_count", 40);

    // Stripe counts seconds: usage in the subscription's first second counts for it.
    await sleep(1_000 - (Date.now() % 1_000));

    // 4 to 7: the checkout, its webhook, the plan, and the messages after the reset.
    const { context, checkouts } = fakeProcessors(gateway);
    const wanted = checkoutRequest.parse({ product: "chatbots", plan: "starter", processor: name });
    const { url } = await checkout({ id: userId, email: null }, wanted, context);
    expect(url).toContain("https://");
    await pays(userId, checkouts[0]?.id as string);
    const { subscriptions } = await gateway.usage(userId);
    expect(subscriptions.find(({ product }) => product === "chatbots")).toMatchObject({
      plan: "starter",
      processor: name,
    });
    // The document has 0 of 3 chatbots: one exists, and a gauge is the number of things.
    expect(await usage()).toEqual(meters([0, 2_000], [1, 3]));

    // 8 and 9: a second, and the first deleted.
    expect((await chatbotsTable(gateway).create(userId, "Second")).chatbot).not.toBeNull();
    expect(await chatbotsTable(gateway).delete(userId, first.chatbot?.id as string)).toEqual({ deleted: true });
    expect(await usage()).toEqual(meters([0, 2_000], [1, 3]));

    // 10: 2,001 messages, one per call.
    const verdicts = [];
    for (let message = 1; message <= 2_001; message += 1)
      verdicts.push(await gateway.consume(userId, "messages_count", 1));
    expect(verdicts.findIndex(({ allowed }) => !allowed)).toBe(2_000);
    expect(verdicts.at(-1)).toMatchObject({ allowed: false, reason: "limit_reached", used: 2_000, limit: 2_000 });
  });
});

test("a renewal on Starter at 1,950 of 2,000: invoice.payment_succeeded resets, and the period moves", async () => {
  const userId = "flow-renewal";
  const fake = await subscribe(userId, { product: "chatbots", plan: "starter", startsAt: Date.now() - 20 * DAY_MS });
  await gateway.consume(userId, "messages_count", 1_950);
  const end = fake.periodEnd();
  await gateway.setSandboxClock(userId, end + HOUR_MS);
  // The payment's event comes first; the subscription's event follows and resets nothing.
  const renewed = fake.renewed();
  expect(await deliver(gateway, fake.paid("subscription_cycle", end, "invoice.payment_succeeded"))).toMatchObject({
    body: { decision: { action: "reset", reason: "Payment for a new billing period" } },
  });
  expect(await meter(userId, "messages_count")).toMatchObject({ used: 0, limit: 2_000 });
  expect(await deliver(gateway, renewed)).toMatchObject({ body: { decision: { action: "preserve" } } });
  const { subscriptions } = await gateway.usage(userId);
  expect(subscriptions.find(({ product }) => product === "chatbots")).toMatchObject({
    periodStart: new Date(end).toISOString(),
    periodEnd: new Date(fake.periodEnd()).toISOString(),
  });
});
