/** Cases about the items of a subscription: two products, add-ons, unlisted prices, truncated lists. */
import { expect } from "vitest";
import { addMonths, DAY_MS, MINUTE_MS, SECOND_MS } from "@/lib/billing/timeline/calendar";
import * as paddle from "@/lib/sandbox/event-builders/paddle/events";
import type { BillingCase } from "./case";
import { addOn, firstPaid, growth, invoice, sec, subscription, unlisted, writer } from "./stripe-events";

export const ITEM_CASES: readonly BillingCase[] = [
  {
    number: "5",
    name: "A complete list without one product's plan at Paddle ends that product",
    async run(driver) {
      const both = [paddle.planPrice({ product: "writer", plan: "plus", interval: "monthly" })];
      const chatbots = paddle.planPrice({ product: "chatbots", plan: "growth", interval: "monthly" });
      const at = driver.now - DAY_MS;
      const period = { start: at, end: addMonths(at, 1) };
      const entity = (items: paddle.PriceSpec[], updatedAt: number) =>
        paddle.subscriptionEntity({
          id: `sub_${driver.userId}`,
          customer: `ctm_${driver.userId}`,
          items: items.map((price) => ({ price })),
          createdAt: at,
          updatedAt,
          period,
        });
      const event = (type: string, items: paddle.PriceSpec[], updatedAt: number) =>
        paddle.event(type, entity(items, updatedAt), { id: `evt_${driver.userId}_${updatedAt}`, at: updatedAt });
      await driver.paddle(event("subscription.created", [...both, chatbots], at));
      const transaction = paddle.transactionEntity({
        id: `txn_${driver.userId}`,
        customer: `ctm_${driver.userId}`,
        subscription: `sub_${driver.userId}`,
        origin: "web",
        status: "completed",
        lines: [...both, chatbots].map((price) => ({ price, amount: price.unitAmount })),
        period,
        at,
      });
      await driver.paddle(paddle.event("transaction.completed", transaction, { id: `evt_${driver.userId}_paid`, at }));
      expect(await driver.usage()).toMatchObject({ plan: "plus" });
      await driver.paddle(event("subscription.updated", [chatbots], driver.now - SECOND_MS));
      expect(await driver.usage()).toMatchObject({ plan: "free" });
      expect(await driver.usage("chatbots")).toMatchObject({ plan: "growth" });
    },
  },
  {
    number: "6",
    name: "An add-on at an unlisted price that replaces one product's plan at Stripe ends that product",
    async run(driver) {
      const { userId, now } = driver;
      const items = [
        { id: `si_${userId}`, price: writer("plus") },
        { id: `si_${userId}_bots`, price: growth },
      ];
      const fake = subscription(driver, "plus", DAY_MS);
      await driver.stripe(fake.created());
      await driver.stripe(fake.changed({ items }, now - 3 * MINUTE_MS));
      expect(await driver.usage("chatbots")).toMatchObject({ plan: "growth" });
      const left = [items[1] as (typeof items)[number], { id: `si_${userId}_storage`, price: addOn }];
      await driver.stripe(fake.changed({ items: left }, now - MINUTE_MS));
      expect(await driver.usage()).toMatchObject({ plan: "free" });
      expect(await driver.usage("chatbots")).toMatchObject({ plan: "growth" });
    },
  },
  {
    number: "7",
    name: "A truncated item list without the plan does not end the plan",
    async run(driver) {
      const { userId, now } = driver;
      const others = Array.from({ length: 10 }, (_, index) => ({
        id: `si_${userId}_${index}`,
        price: { ...addOn, id: `price_addon_${index}` },
      }));
      const fake = subscription(driver, "plus", DAY_MS);
      await driver.stripe(fake.created());
      const answer = await driver.stripe(fake.changed({ items: others, moreItems: true }, now - MINUTE_MS));
      expect(answer).toMatchObject({ outcome: "applied" });
      expect(await driver.usage()).toMatchObject({ plan: "plus", status: "active" });
    },
  },
  {
    number: "10",
    name: "The higher of two plan items counts, and later events are applied",
    async run(driver) {
      const { userId, now } = driver;
      const fake = subscription(driver, "plus", 20 * DAY_MS);
      await driver.stripe(fake.created());
      await firstPaid(driver, "plus", 20 * DAY_MS);
      const items = [
        { id: `si_${userId}`, price: writer("plus") },
        { id: `si_${userId}_2`, price: writer("ultra") },
      ];
      expect(await driver.stripe(fake.changed({ items }, now - 15 * DAY_MS))).toMatchObject({ outcome: "applied" });
      expect(await driver.usage()).toMatchObject({ plan: "ultra", limit: 35_000 });
      expect(await driver.stripe(fake.changed({ status: "past_due" }, now - DAY_MS))).toMatchObject({
        outcome: "applied",
      });
      expect(await driver.usage()).toMatchObject({ status: "past_due" });
      expect(await driver.stripe(fake.changed({ status: "paused" }, now - MINUTE_MS))).toMatchObject({
        outcome: "applied",
      });
      expect(await driver.usage()).toMatchObject({ plan: "free", status: "paused" });
    },
  },
  {
    number: "11",
    name: "A plan that moves to an unlisted price continues and renews at it",
    async run(driver) {
      const { userId, now } = driver;
      const fake = subscription(driver, "ultra", 40 * DAY_MS);
      await driver.stripe(fake.created());
      await firstPaid(driver, "ultra", 40 * DAY_MS, { price: writer("ultra") });
      const start = fake.periodEnd();
      const items = [{ id: `si_${userId}`, price: unlisted }];
      await driver.stripe(fake.changed({ items }, now - 35 * DAY_MS));
      const end = addMonths(start, 1);
      await driver.stripe(fake.changed({ periodStart: sec(start), periodEnd: sec(end) }, start));
      const paid = invoice(driver, { at: start + MINUTE_MS, start, end, price: unlisted });
      expect(await driver.stripe(paid)).toMatchObject({ decision: { reason: "Payment confirmed" } });
      expect(await driver.usage()).toMatchObject({ plan: "ultra", status: "active", limit: 35_000 });
    },
  },
  ...(["an add-on's line", "a seat's proration"] as const).map(
    (what): BillingCase => ({
      number: "17",
      name: `An invoice with ${what} only is ignored`,
      async run(driver) {
        const { userId, now } = driver;
        const fake = subscription(driver, "plus", 40 * DAY_MS, { interval: "yearly" });
        const items = [
          { id: `si_${userId}`, price: writer("plus", "yearly") },
          { id: `si_${userId}_meter`, price: addOn },
        ];
        await driver.stripe(fake.created());
        await driver.stripe(fake.changed({ items }, now - 39 * DAY_MS));
        const bill = { at: now - MINUTE_MS, start: now - 40 * DAY_MS, end: now - 10 * DAY_MS, price: addOn };
        const reason = what === "an add-on's line" ? "subscription_cycle" : "subscription_update";
        const lines = [{ proration: what === "a seat's proration" }];
        const paid = invoice(driver, { ...bill, item: `si_${userId}_meter`, billingReason: reason, lines });
        expect(await driver.stripe(paid)).toMatchObject({ outcome: "ignored", reason: "no_plan_line" });
        expect(await driver.usage()).toMatchObject({ plan: "plus", status: "active" });
      },
    }),
  ),
];
