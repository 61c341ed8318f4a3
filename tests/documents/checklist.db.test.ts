/** The unit lists of both documents, item by item, with their numbers. docs/documents.md names each. */

import { beforeEach, describe, expect, test } from "vitest";
import { chatbotsTable } from "@/app/(product)/chatbots/_lib/chatbots-table";
import { checkoutRequest } from "@/lib/billing/schemas/purchase-requests";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import { fakePaddleSubscription } from "@/lib/sandbox/event-builders/paddle/fake-subscription";
import { checkout } from "@/lib/subscriptions/checkout";
import { createGate } from "@/lib/usage/gate";
import { fakeProcessors } from "@/tests/support/fake-processors";
import { meteredDatabase } from "@/tests/support/metered";
import { deliverPaddle } from "@/tests/support/paddle";
import { deliver } from "@/tests/support/stripe";

const { gateway, query, subscribe, meter, ledger } = meteredDatabase();
const gate = createGate(() => gateway);

let users = 0;
let userId = "";
beforeEach(() => {
  users += 1;
  userId = `listed-${users}`;
});

const atOnce = <T>(count: number, work: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));
const makeChatbots = (count: number) => atOnce(count, (index) => chatbotsTable(gateway).create(userId, `Bot ${index}`));
const resets = () =>
  query("select reason from decisions where user_id = $1 and action = 'reset' order by decided_at", [userId]);

describe("atomic usage tracking", () => {
  test("5 concurrent chatbots at 4 of 5: one is made, four are refused, 5 of 5", async () => {
    await subscribe(userId, { product: "chatbots", plan: "starter" });
    // No plan of ours has room for five.
    await gateway.setLimitOverride(userId, "chatbots_count", 5, { expiresAt: null, by: "test" });
    await makeChatbots(4);
    const made = await makeChatbots(5);
    expect(made.filter(({ chatbot }) => chatbot !== null)).toHaveLength(1);
    expect(made.filter(({ verdict }) => verdict.reason === "limit_reached")).toHaveLength(4);
    expect(await meter(userId, "chatbots_count")).toMatchObject({ used: 5, limit: 5, remaining: 0 });
    expect(await chatbotsTable(gateway).list(userId)).toHaveLength(5);
  });

  test("10 concurrent messages at 95 of 100: five pass, five are refused, 100 of 100", async () => {
    await gate.consume(userId, "messages_count", 95);
    const verdicts = await atOnce(10, () => gate.consume(userId, "messages_count"));
    expect(verdicts.filter(({ allowed }) => allowed)).toHaveLength(5);
    expect(verdicts.filter(({ reason }) => reason === "limit_reached")).toHaveLength(5);
    expect(await meter(userId, "messages_count")).toMatchObject({ used: 100, limit: 100, remaining: 0 });
    expect(await ledger(userId, "messages_count")).toBe(100);
  });
});

describe("webhook idempotency", () => {
  test("the same Paddle webhook three times: processed once, success each time, one reset", async () => {
    const fake = fakePaddleSubscription({ id: `sub_${userId}`, price: STARTER, startsAt: Date.now() - 20 * DAY_MS });
    await gateway.linkTransaction("paddle", fake.transaction, userId);
    await deliverPaddle(gateway, fake.created());
    await gateway.consume(userId, "messages_count", 100);
    const payment = fake.paidAhead(Date.now());
    const receipts = [];
    for (let time = 0; time < 3; time += 1) {
      receipts.push(await deliverPaddle(gateway, payment));
      await gateway.consume(userId, "messages_count", 1);
    }
    expect(receipts.map(({ status, body }) => [status, body.received, body.outcome])).toEqual([
      [200, true, "applied"],
      [200, true, "duplicate"],
      [200, true, "duplicate"],
    ]);
    expect(await resets()).toEqual([{ reason: "New subscription" }, { reason: "Payment for a new billing period" }]);
    expect(await meter(userId, "messages_count")).toMatchObject({ used: 3 });
  });

  test("the same Stripe webhook twice: processed once, the subscription updated once", async () => {
    const fake = await subscribe(userId, { plan: "plus" });
    const upgrade = fake.planChanged("ultra", Date.now());
    const revision = () =>
      query("select revision from subscriptions where user_id = $1 and product = 'writer'", [userId]);
    expect(await deliver(gateway, upgrade)).toMatchObject({ status: 200, body: { outcome: "applied" } });
    const once = await revision();
    expect(await deliver(gateway, upgrade)).toMatchObject({ status: 200, body: { outcome: "duplicate" } });
    expect(await revision()).toEqual(once);
    expect(await query("select 1 from decisions where event_id = $1", [upgrade.id])).toHaveLength(1);
  });
});

describe("usage reset on payment", () => {
  test("at 100 of 100 messages, Paddle's transaction.completed: 0 used", async () => {
    const fake = fakePaddleSubscription({ id: `sub_${userId}`, price: STARTER, startsAt: Date.now() - 20 * DAY_MS });
    await gateway.linkTransaction("paddle", fake.transaction, userId);
    await deliverPaddle(gateway, fake.created());
    await gateway.setLimitOverride(userId, "messages_count", 100, { expiresAt: null, by: "test" });
    await gateway.consume(userId, "messages_count", 100);
    expect(await meter(userId, "messages_count")).toMatchObject({ used: 100, limit: 100, remaining: 0 });
    expect(await deliverPaddle(gateway, fake.paidAhead(Date.now()))).toMatchObject({
      body: { decision: { action: "reset", reason: "Payment for a new billing period" } },
    });
    expect(await meter(userId, "messages_count")).toMatchObject({ used: 0, limit: 100, remaining: 100 });
  });

  test("at 50 of 100 messages, subscription.updated with another period start: 0 of 100", async () => {
    const fake = fakePaddleSubscription({ id: `sub_${userId}`, price: STARTER, startsAt: Date.now() - 20 * DAY_MS });
    await gateway.linkTransaction("paddle", fake.transaction, userId);
    await deliverPaddle(gateway, fake.created());
    await gateway.setLimitOverride(userId, "messages_count", 100, { expiresAt: null, by: "test" });
    await gateway.consume(userId, "messages_count", 50);
    expect(await deliverPaddle(gateway, fake.renewed({ at: Date.now() }))).toMatchObject({
      body: { decision: { action: "reset", reason: "Billing period renewal detected" } },
    });
    expect(await meter(userId, "messages_count")).toMatchObject({ used: 0, limit: 100, remaining: 100 });
  });
});

describe("chatbot deletion", () => {
  test("at 3 of 3, one is deleted: 2 of 3, and another can be made", async () => {
    await subscribe(userId, { product: "chatbots", plan: "starter" });
    const [made] = await makeChatbots(3);
    expect((await chatbotsTable(gateway).create(userId, "Fourth")).chatbot).toBeNull();
    expect(await chatbotsTable(gateway).delete(userId, made?.chatbot?.id as string)).toEqual({ deleted: true });
    expect(await meter(userId, "chatbots_count")).toMatchObject({ used: 2, limit: 3, remaining: 1 });
    expect((await chatbotsTable(gateway).create(userId, "Fourth")).chatbot).not.toBeNull();
    expect(await meter(userId, "chatbots_count")).toMatchObject({ used: 3, limit: 3 });
  });

  test("deleting an unknown chatbot changes nothing, also if the count is wrong, and no count goes below 0", async () => {
    await gateway.usage(userId);
    const UNKNOWN_ID = "00000000-0000-4000-8000-000000000000";
    expect(await chatbotsTable(gateway).delete(userId, UNKNOWN_ID)).toEqual({ deleted: false });
    expect(await meter(userId, "chatbots_count")).toMatchObject({ used: 0 });

    const off = "update usage_counters set used = 1 where user_id = $1 and field = 'chatbots_count'";
    await query(off, [userId]);
    expect(await chatbotsTable(gateway).delete(userId, UNKNOWN_ID)).toEqual({ deleted: false });
    expect(await gateway.syncGauge(userId, "chatbots_count")).toEqual({ counted: 1, actual: 0, drift: 1 });
    expect(await meter(userId, "chatbots_count")).toMatchObject({ used: 0 });
  });

  test("decrement_usage never goes below 0", async () => {
    await gateway.consume(userId, "messages_count", 3);
    await query("select decrement_usage($1, 'messages_count', 50)", [userId]);
    expect(await meter(userId, "messages_count")).toMatchObject({ used: 0, remaining: 100 });
  });
});

describe("plan downgrade validation", () => {
  const toStarter = checkoutRequest.parse({ product: "chatbots", plan: "starter" });

  test("with 5 chatbots a purchase of Starter is refused with 400: delete 2, and no checkout is made", async () => {
    await subscribe(userId, { product: "chatbots", plan: "growth" });
    await makeChatbots(5);
    const { context, requests } = fakeProcessors(gateway);
    await expect(checkout({ id: userId, email: null }, toStarter, context)).rejects.toMatchObject({
      problem: "bad_input",
      reason: "chatbot_limit_exceeded",
      message: expect.stringContaining("Please delete 2 chatbot(s)"),
    });
    expect(requests).toEqual([]);
  });

  test("with 2 chatbots a purchase of Starter returns the checkout's address", async () => {
    // Growth has ended: a user who still has it changes the plan and cannot buy a second one.
    const fake = await subscribe(userId, { product: "chatbots", plan: "growth" });
    await makeChatbots(2);
    await deliver(gateway, fake.deleted(Date.now()));
    const { context } = fakeProcessors(gateway);
    const { url } = await checkout({ id: userId, email: null }, toStarter, context);
    expect(url).toMatch(/^https:\/\/pay\.example\/cs_test_/);
  });
});

describe("the billing cycle", () => {
  test("12,000 words on Plus, then Ultra: 23,000 left", async () => {
    const fake = await subscribe(userId, { plan: "plus" });
    await gateway.consume(userId, "words_used", 12_000);
    expect(await deliver(gateway, fake.planChanged("ultra", Date.now()))).toMatchObject({
      body: { decision: { action: "preserve", reason: "Plan change mid-cycle detected" } },
    });
    expect(await meter(userId, "words_used")).toMatchObject({ used: 12_000, limit: 35_000, remaining: 23_000 });
  });

  test("plan switches back and forth give no free words", async () => {
    const fake = await subscribe(userId, { plan: "plus" });
    await gateway.consume(userId, "words_used", 15_000);
    for (const plan of ["ultra", "plus", "ultra", "plus"]) await deliver(gateway, fake.planChanged(plan, Date.now()));
    expect(await meter(userId, "words_used")).toMatchObject({ used: 15_000, remaining: 0 });
    expect(await gateway.consume(userId, "words_used", 1)).toMatchObject({ allowed: false });
  });

  test("a plan change at the billing boundary resets", async () => {
    const fake = await subscribe(userId, { plan: "plus", startsAt: Date.now() - 20 * DAY_MS });
    await gateway.consume(userId, "words_used", 12_000);
    await gateway.setSandboxClock(userId, fake.periodEnd() + HOUR_MS);
    expect(await deliver(gateway, fake.renewed({ plan: "ultra" }))).toMatchObject({
      body: { decision: { action: "reset", reason: "Plan change at billing renewal" } },
    });
    expect(await meter(userId, "words_used")).toMatchObject({ used: 0, limit: 35_000 });
  });

  test("a cancellation preserves usage until the daily reset", async () => {
    const fake = await subscribe(userId, { plan: "plus" });
    await gateway.consume(userId, "words_used", 8_000);
    await deliver(gateway, fake.deleted(Date.now()));
    expect(await meter(userId, "words_used")).toMatchObject({ used: 8_000, limit: 500, remaining: 0 });
    await gateway.setSandboxClock(userId, Date.now() + DAY_MS);
    expect(await meter(userId, "words_used")).toMatchObject({ used: 0, limit: 500 });
  });

  test("a plan that was changed by hand is corrected, and the usage is kept", async () => {
    await subscribe(userId, { plan: "ultra" });
    await gateway.consume(userId, "words_used", 8_000);
    await query("update subscriptions set plan = 'plus' where user_id = $1 and product = 'writer'", [userId]);
    const { corrected } = await gateway.usage(userId);
    expect(corrected).toEqual([{ product: "writer", from: "plus", to: "ultra" }]);
    expect(await meter(userId, "words_used")).toMatchObject({ used: 8_000, limit: 35_000 });
  });
});

const STARTER = { product: "chatbots", plan: "starter", interval: "monthly" } as const;
