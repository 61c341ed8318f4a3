/** Cases about charges that fail or are not due yet. */
import { expect } from "vitest";
import { addMonths, DAY_MS, MINUTE_MS, SECOND_MS } from "@/lib/billing/timeline/calendar";
import type * as stripe from "@/lib/sandbox/event-builders/stripe/events";
import type { BillingCase } from "./case";
import { firstPaid, invoice, sec, subscription, writer } from "./stripe-events";

export const CHARGE_CASES: readonly BillingCase[] = [
  {
    number: "14",
    name: "A declined switch that was not made does not affect the current plan",
    async run(driver) {
      const { now } = driver;
      const fake = subscription(driver, "plus", DAY_MS);
      await driver.stripe(fake.created());
      await firstPaid(driver, "plus", DAY_MS);
      await driver.use(14_000);
      await driver.stripe(fake.planChanged("ultra", now + 2 * SECOND_MS));
      const start = now + 4 * SECOND_MS;
      const declined = invoice(driver, {
        at: start,
        start,
        end: addMonths(start, 12),
        type: "invoice.payment_failed",
        billingReason: "subscription_update",
        price: writer("ultra", "yearly"),
      });
      await driver.stripe(declined);
      expect(await driver.usage()).toMatchObject({ plan: "ultra", used: 14_000, remaining: 21_000 });
    },
  },
  {
    number: "15",
    name: "A failed attempt on a sent invoice before its due date is no debt",
    async run(driver) {
      const { now } = driver;
      const fake = subscription(driver, "plus", 3 * DAY_MS);
      const collectionMethod = "send_invoice" as const;
      const created = fake.created() as { data: { object: Record<string, unknown> } };
      Object.assign(created.data.object, { collection_method: collectionMethod, days_until_due: 30 });
      await driver.stripe(created as unknown as stripe.StripeObject);
      const failed = await firstPaid(driver, "plus", 3 * DAY_MS, {
        at: now,
        type: "invoice.payment_failed",
        collectionMethod,
        dueDate: sec(now + 27 * DAY_MS),
      });
      expect(failed).toMatchObject({ decision: { action: "preserve", reason: "Payment not due yet" } });
      expect(await driver.usage()).toMatchObject({ plan: "plus", status: "active", limit: 15_000 });
    },
  },
  {
    number: "19",
    name: "After a failed renewal on a test clock the plan continues for the days of grace of its own period",
    async run(driver) {
      const { now } = driver;
      const fake = subscription(driver, "plus", 0);
      await driver.stripe(fake.created());
      await firstPaid(driver, "plus", 0);
      const start = fake.periodEnd();
      await driver.stripe(fake.renewed({ at: now + MINUTE_MS }));
      const failed = { type: "invoice.payment_failed", at: now + 80 * SECOND_MS, start, end: fake.periodEnd() };
      await driver.stripe(invoice(driver, failed));
      await driver.stripe(fake.changed({ status: "past_due" }, now + 90 * SECOND_MS));
      expect(await driver.usage()).toMatchObject({ plan: "plus", status: "past_due", limit: 15_000 });
    },
  },
  {
    number: "21",
    name: "A first charge that failed before the subscription became active has no effect",
    async run(driver) {
      const { now } = driver;
      const fake = subscription(driver, "basic", DAY_MS, { status: "incomplete" });
      await driver.stripe(fake.created());
      await firstPaid(driver, "basic", DAY_MS, { type: "invoice.payment_failed" });
      await driver.stripe(fake.changed({ status: "active" }, now - DAY_MS + MINUTE_MS));
      expect(await driver.usage()).toMatchObject({ plan: "basic", limit: 5_000 });
    },
  },
  {
    number: "24",
    name: "The first invoice of an accepted quote confirms the payment",
    async run(driver) {
      await driver.stripe(subscription(driver, "plus", DAY_MS).created());
      expect(await firstPaid(driver, "plus", DAY_MS, { billingReason: "quote_accept" })).toMatchObject({
        decision: { action: "preserve", reason: "Payment confirmed" },
      });
    },
  },
];
