/** Cases about a period that restarts, moves or renews. */
import { expect } from "vitest";
import { addMonths, DAY_MS, MINUTE_MS, SECOND_MS } from "@/lib/billing/timeline/calendar";
import * as paddle from "@/lib/sandbox/event-builders/paddle/events";
import { fakePaddleSubscription } from "@/lib/sandbox/event-builders/paddle/fake-subscription";
import type { BillingCase } from "./case";
import { firstPaid, invoice, sec, subscription, writer } from "./stripe-events";

export const PERIOD_CASES: readonly BillingCase[] = [
  {
    number: "12",
    name: "A cycle that restarts and is paid in full resets the usage",
    async run(driver) {
      const { now } = driver;
      const fake = subscription(driver, "basic", 10 * DAY_MS);
      await driver.stripe(fake.created());
      await firstPaid(driver, "basic", 10 * DAY_MS);
      await driver.use(5_000);
      const [start, end] = [now + 5 * SECOND_MS, addMonths(now + 5 * SECOND_MS, 1)];
      const restart = { billingCycleAnchor: sec(start), periodStart: sec(start), periodEnd: sec(end) };
      expect(await driver.stripe(fake.changed(restart, start))).toMatchObject({
        decision: { action: "carry_over", reason: "Billing cycle restarted mid-period" },
      });
      const bill = { at: start, start, end, billingReason: "subscription_update" as const, price: writer("basic") };
      await driver.stripe(invoice(driver, bill));
      expect(await driver.usage()).toMatchObject({ plan: "basic", used: 0, remaining: 5_000 });
    },
  },
  ...(["one cent off", "20 % off", "paid out of band"] as const).map(
    (how): BillingCase => ({
      number: "13",
      name: `A new subscription in the old paid period, with its first invoice ${how}, is paid in full`,
      async run(driver) {
        const { now } = driver;
        const first = subscription(driver, "basic", 10 * DAY_MS);
        await driver.stripe(first.created());
        await firstPaid(driver, "basic", 10 * DAY_MS);
        await driver.use(5_000);
        await driver.stripe(first.deleted(now + 2 * SECOND_MS));
        const again = subscription(driver, "basic", -5 * SECOND_MS, { suffix: "_2" });
        await driver.stripe(again.created());
        const price = writer("basic");
        const discount = { "one cent off": 1, "20 % off": Math.floor(price.unitAmount / 5), "paid out of band": 0 }[
          how
        ];
        await firstPaid(driver, "basic", -5 * SECOND_MS, {
          suffix: "_2",
          paidOutOfBand: how === "paid out of band",
          lines: [{ discount }],
        });
        expect(await driver.usage()).toMatchObject({ plan: "basic", used: 0, remaining: 5_000 });
      },
    }),
  ),
  {
    number: "16",
    name: "A plan continues if the business moves it to another subscription, trialing until the end of the paid time",
    async run(driver) {
      const { now } = driver;
      const trialing = subscription(driver, "plus", 24 * DAY_MS, { status: "trialing", periodEnd: now - 10 * DAY_MS });
      await driver.stripe(trialing.created());
      await driver.stripe(trialing.renewed({ status: "active" }));
      const [start, end] = [now - 10 * DAY_MS, trialing.periodEnd()];
      await driver.stripe(invoice(driver, { at: start, start, end }));
      await driver.use(9_000);
      const moved = subscription(driver, "plus", -3 * SECOND_MS, { suffix: "_2", status: "trialing", periodEnd: end });
      await driver.stripe(moved.created());
      await driver.stripe(trialing.deleted(now + 5 * SECOND_MS));
      expect(await driver.usage()).toMatchObject({ plan: "plus", status: "trialing", used: 9_000, remaining: 6_000 });
    },
  },
  {
    number: "18",
    name: "A resumption at Paddle with a new period, charged as a proration of rate 1, is paid in full",
    async run(driver) {
      const { userId, now } = driver;
      const price = { product: "writer", plan: "plus", interval: "monthly" } as const;
      const fake = fakePaddleSubscription({ id: `sub_${userId}`, price, startsAt: now - 10 * DAY_MS });
      await driver.paddle(fake.created());
      await driver.paddle(fake.paid("web", now - 10 * DAY_MS));
      await driver.use(14_000);
      await driver.paddle(fake.paused(now + 2 * SECOND_MS));
      const [start, end] = [now + 4 * SECOND_MS, addMonths(now + 4 * SECOND_MS, 1)];
      const period = { start, end };
      await driver.paddle(fake.changed({ status: "active", period, pausedAt: null }, start, "subscription.resumed"));
      await driver.paddle(
        fake.paid("subscription_recurring", start, "transaction.completed", {
          period,
          lines: [
            {
              price: paddle.planPrice(price),
              amount: paddle.planPrice(price).unitAmount,
              proration: { rate: "1", ...period },
            },
          ],
        }),
      );
      expect(await driver.usage()).toMatchObject({ plan: "plus", used: 0, remaining: 15_000 });
    },
  },
  {
    number: "23",
    name: "A change of the interval with the same start is a plan change in the period",
    async run(driver) {
      const { userId, now } = driver;
      const fake = subscription(driver, "plus", DAY_MS);
      await driver.stripe(fake.created());
      const items = [{ id: `si_${userId}`, price: writer("plus", "yearly") }];
      const yearly = { items, periodEnd: sec(addMonths(now - DAY_MS, 12)) };
      expect(await driver.stripe(fake.changed(yearly, now - MINUTE_MS))).toMatchObject({
        decision: { action: "preserve", reason: "Plan change mid-cycle detected" },
      });
    },
  },
  ...(["mark_uncollectible", "keep_as_draft", "void"] as const).map(
    (behavior): BillingCase => ({
      number: "27",
      name: `A renewal during a pause of the collection by ${behavior}`,
      async run(driver) {
        const { now } = driver;
        const fake = subscription(driver, "basic", 28 * DAY_MS, { periodEnd: now + 5 * SECOND_MS });
        await driver.stripe(fake.created());
        await firstPaid(driver, "basic", 28 * DAY_MS, { end: now + 5 * SECOND_MS });
        await driver.use(5_000);
        await driver.stripe(fake.changed({ pauseCollection: { behavior, resumes_at: null } }, now + 2 * SECOND_MS));
        await driver.stripe(
          fake.changed(
            { periodStart: sec(now + 5 * SECOND_MS), periodEnd: sec(now + 30 * DAY_MS) },
            now + 5 * SECOND_MS,
          ),
        );
        expect(await driver.usage()).toMatchObject({
          plan: "basic",
          used: 0,
          remaining: behavior === "void" ? 0 : 5_000,
        });
      },
    }),
  ),
];
