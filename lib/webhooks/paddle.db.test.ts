import { beforeEach, describe, expect, test } from "vitest";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import { paddleUser } from "@/tests/support/paddle-user";

const { database, gateway, current, play, clock, send, subscription, counted, stored } = paddleUser();

let userId = "";
beforeEach(() => {
  userId = current.userId;
});

const solo = { product: "depot", plan: "solo", interval: "monthly" } as const;

const JUNE = Date.UTC(2026, 5, 1);

describe("the documents' checklist", () => {
  test("the same webhook three times, also as a replay with another notification_id, has one effect", async () => {
    const fake = await play();
    await send(fake.created());
    await gateway.consume(userId, "stamps_used", 9_000);
    const renewed = fake.renewed({ at: Date.now() });
    expect(await send(renewed)).toMatchObject({ outcome: "applied", decision: { action: "reset" } });
    await gateway.consume(userId, "stamps_used", 70);
    for (const again of [renewed, { ...renewed, notification_id: "ntf_replayed" }]) {
      expect(await send(again)).toMatchObject({ received: true, outcome: "duplicate", decision: { action: "reset" } });
    }
    expect(await counted()).toEqual([70, 15_000]);
    expect(await stored(renewed)).toMatchObject({ outcome: "applied", deliveries: 3 });
    const { rows } = await database.pool().query("select 1 from decisions where event_id = $1", [renewed.event_id]);
    expect(rows).toHaveLength(1);
  });

  test("a purchase of Solo at 100 of 100 free orders: 0 of 2,000", async () => {
    await clock(JUNE);
    await gateway.consume(userId, "orders_count", 100);
    expect(await gateway.consume(userId, "orders_count", 1)).toMatchObject({ allowed: false, used: 100, limit: 100 });
    await clock(JUNE + HOUR_MS);
    const fake = await play({ price: solo, startsAt: JUNE + HOUR_MS });
    await send(fake.created());
    expect(await counted("depot")).toEqual([0, 2_000]);
    expect(await send(fake.paid("web", JUNE + HOUR_MS))).toMatchObject({
      decision: { action: "preserve", reason: "Payment confirmed" },
    });
    expect(await counted("depot")).toEqual([0, 2_000]);
  });

  test("a first payment before its subscription waits for it, and opens one window with it", async () => {
    const fake = await play({ price: solo });
    expect(await send(fake.paid("web", Date.now() - 20 * DAY_MS))).toMatchObject({
      decision: { action: "preserve", reason: "Payment waits for its subscription" },
    });
    expect(await subscription("depot")).toMatchObject({ plan: "free" });
    expect(await send(fake.created())).toMatchObject({ decision: { action: "reset", reason: "New subscription" } });
    expect(await counted("depot")).toEqual([0, 2_000]);
  });

  test("transaction.completed of a new period resets at the limit; subscription.updated then changes nothing", async () => {
    const fake = await play({ price: solo });
    await send(fake.created());
    await gateway.consume(userId, "orders_count", 2_000);
    expect(await gateway.consume(userId, "orders_count", 1)).toMatchObject({ allowed: false });
    expect(await send(fake.paidAhead(Date.now()))).toMatchObject({
      decision: { action: "reset", reason: "Payment for a new billing period" },
    });
    expect(await counted("depot")).toEqual([0, 2_000]);
    await gateway.consume(userId, "orders_count", 3);
    expect(await send(fake.renewed({ at: Date.now() }))).toMatchObject({ decision: { action: "preserve" } });
    expect(await counted("depot")).toEqual([3, 2_000]);
  });

  test("subscription.updated with a later period start resets, and its payments confirm it", async () => {
    const fake = await play();
    await send(fake.created());
    await gateway.consume(userId, "stamps_used", 15_000);
    expect(await send(fake.renewed({ at: Date.now() }))).toMatchObject({
      decision: { action: "reset", reason: "Billing period renewal detected" },
    });
    await gateway.consume(userId, "stamps_used", 5);
    for (const type of ["transaction.paid", "transaction.completed"] as const) {
      expect(await send(fake.paid("subscription_recurring", Date.now(), type))).toMatchObject({
        decision: { action: "preserve", reason: "Payment confirmed" },
      });
    }
    expect(await counted()).toEqual([5, 15_000]);
  });

  test("an upgrade and its transaction.completed (origin subscription_update) preserve the usage", async () => {
    const fake = await play();
    await send(fake.created());
    await gateway.consume(userId, "stamps_used", 12_000);
    const upgraded = fake.planChanged("titanium", Date.now());
    expect(await send(fake.upgradePaid(Date.now()))).toMatchObject({
      decision: { action: "preserve", reason: "Payment without a new period" },
    });
    expect(await send(upgraded)).toMatchObject({
      decision: { action: "preserve", reason: "Plan change mid-cycle detected" },
    });
    expect(await counted()).toEqual([12_000, 35_000]);
  });

  test("one-off charges and card changes preserve the usage", async () => {
    const fake = await play();
    await send(fake.created());
    await gateway.consume(userId, "stamps_used", 12_000);
    const now = Date.now();
    const next = { start: fake.periodEnd(), end: fake.periodEnd() + 30 * DAY_MS };
    for (const origin of ["subscription_charge", "subscription_payment_method_change"] as const) {
      for (const period of [{ start: now, end: now }, next]) {
        const charge = fake.paid("subscription_recurring", now, "transaction.completed", { origin, period });
        expect(await send(charge)).toMatchObject({ decision: { reason: "Payment without a new period" } });
      }
    }
    expect(await counted()).toEqual([12_000, 15_000]);
  });

  test("an interval switch credits the elapsed share only", async () => {
    await clock(JUNE);
    const fake = await play({ startsAt: JUNE });
    await send(fake.created());
    await gateway.consume(userId, "stamps_used", 15_000);
    const at = JUNE + 3 * DAY_MS;
    await clock(at);
    expect(await send(fake.intervalSwitched("yearly", at))).toMatchObject({
      decision: { action: "carry_over", reason: "Billing cycle restarted mid-period" },
    });
    // Paddle credits the rest of the old period.
    const paid = fake.paid("subscription_update", at, "transaction.completed", { credit: 1_799 });
    expect(await send(paid)).toMatchObject({ decision: { action: "preserve", reason: "Payment confirmed" } });
    // 3 of June's 30 days: 15,000 * 3/30 are credited.
    expect(await counted()).toEqual([13_500, 15_000]);
  });

  test("a failed renewal is past due in its new period, and recovers there", async () => {
    await clock(JUNE);
    const fake = await play({ startsAt: JUNE });
    await send(fake.created());
    await gateway.consume(userId, "stamps_used", 9_000);
    const at = fake.periodEnd();
    await clock(at + HOUR_MS);
    await send(fake.renewed());
    expect(await send(fake.paymentFailed(at + 1))).toMatchObject({ decision: { action: "preserve" } });
    await send(fake.pastDue(at + 2));
    expect(await subscription()).toMatchObject({ status: "past_due", plan: "silver" });
    const [meter] = (await subscription()).meters;
    expect(meter).toMatchObject({ used: 0, unpaidHeld: 9_000, remaining: 6_000 });
    await send(fake.paid("subscription_recurring", at + 3));
    await send(fake.changed({ status: "active" }, at + 4));
    expect((await subscription()).meters[0]).toMatchObject({ used: 0, unpaidHeld: 0, remaining: 15_000 });
  });
});
