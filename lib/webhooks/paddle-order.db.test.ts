/** Paddle's events at the same time, in another order, and around a pause. */
import { beforeEach, describe, expect, test } from "vitest";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { deliverPaddle } from "@/tests/support/paddle";
import { paddleUser } from "@/tests/support/paddle-user";
import { deliver } from "@/tests/support/stripe";

const { database, gateway, current, play, clock, send, subscription, counted, stored } = paddleUser();

let userId = "";
beforeEach(() => {
  userId = current.userId;
});

const mail = { product: "mail", plan: "silver", interval: "monthly" } as const;
const JUNE = Date.UTC(2026, 5, 1);

async function flagsOf(user: string): Promise<string[]> {
  const { rows } = await database
    .pool()
    .query("select flag ->> 'kind' as kind from decisions d, jsonb_array_elements(d.flags) flag where d.user_id = $1", [
      user,
    ]);
  return rows.map(({ kind }) => kind);
}

describe("concurrent calls, on separate connections", () => {
  test("one event delivered 200 times is applied once, and each delivery gets 200", async () => {
    const fake = await play({ startsAt: JUNE });
    await clock(JUNE);
    await send(fake.created());
    await gateway.consume(userId, "stamps_used", 9_000);
    await clock(fake.periodEnd() + HOUR_MS);
    const renewal = fake.renewed();
    const receipts = await Promise.all(Array.from({ length: 200 }, () => deliverPaddle(gateway, renewal)));
    expect(receipts.every(({ status }) => status === 200)).toBe(true);
    expect(receipts.filter(({ body }) => body.outcome === "applied")).toHaveLength(1);
    expect(await counted()).toEqual([0, 15_000]);
  });

  test("a renewal, its payment and consumption open one window and count each stamp once", async () => {
    const fake = await play({ startsAt: JUNE });
    await clock(JUNE);
    await send(fake.created());
    await gateway.consume(userId, "stamps_used", 1_000);
    const at = fake.periodEnd();
    await clock(at + HOUR_MS);
    const [paid, renewed] = [fake.paidAhead(at + 5), fake.renewed()];
    const [first, second] = await Promise.all([
      send(paid),
      send(renewed),
      ...Array.from({ length: 60 }, () => gateway.consume(userId, "stamps_used", 7)),
    ]);
    const actions = [first, second].map((body) => (body as { decision: { action: string } }).decision.action);
    expect(actions.sort()).toEqual(["preserve", "reset"]);
    expect(await counted()).toEqual([420, 15_000]);
  });
});

describe("the order of events", () => {
  test("does not matter for a creation and an activation with equal instants: one window opens", async () => {
    const seen = [];
    for (const first of ["created", "activated"] as const) {
      const user = `${userId}-${first}`;
      const fake = await play({ startsAt: Date.UTC(2026, 9, 5) }, user);
      const [created, activated] = [fake.created(), fake.activated()];
      expect(created.occurred_at).toBe(activated.occurred_at);
      const outcomes = [];
      for (const event of first === "created" ? [created, activated] : [activated, created]) {
        outcomes.push((await send(event)).outcome);
      }
      expect(outcomes).toEqual(first === "created" ? ["applied", "applied"] : ["deferred", "applied"]);
      expect(await stored(activated)).toMatchObject({ outcome: "applied", user_id: user });
      const { rows } = await database.pool().query("select timeline_state($1, 'mail') as state", [user]);
      seen.push(JSON.stringify(rows[0].state.periods).replaceAll(user, "user"));
      expect(rows[0].state.periods).toHaveLength(1);
    }
    expect(seen[0]).toBe(seen[1]);
  });

  test("follows the subscription's own clock: an older state changes nothing", async () => {
    const fake = await play();
    const created = fake.created();
    const upgraded = fake.planChanged("titanium", Date.now() - DAY_MS);
    await send(created);
    await send(upgraded);
    expect(await send({ ...fake.activated(), data: created.data })).toMatchObject({
      decision: { action: "preserve" },
    });
    expect(await subscription()).toMatchObject({ plan: "titanium" });
  });
});

describe("a resumption after a pause", () => {
  test("in the same period continues its counters", async () => {
    await clock(JUNE);
    const fake = await play({ startsAt: JUNE });
    await send(fake.created());
    await gateway.consume(userId, "stamps_used", 9_000);
    const at = JUNE + 3 * DAY_MS;
    await clock(at + HOUR_MS);
    expect(await send(fake.paused(at))).toMatchObject({ decision: { reason: "Subscription paused" } });
    expect(await subscription()).toMatchObject({ plan: "free", status: "paused" });
    await send(fake.resumed(at + HOUR_MS, { newPeriod: false }));
    expect(await counted()).toEqual([9_000, 15_000]);
  });

  test("with a new period carries usage over until the period is paid in money", async () => {
    await clock(JUNE);
    const fake = await play({ startsAt: JUNE });
    await send(fake.created());
    await gateway.consume(userId, "stamps_used", 15_000);
    const at = JUNE + 3 * DAY_MS;
    await clock(at);
    await send(fake.paused(at - HOUR_MS));
    expect(await send(fake.resumed(at, { newPeriod: true }))).toMatchObject({
      decision: { action: "carry_over", reason: "Subscription resumed with a new period" },
    });
    expect((await counted())[0]).toBeGreaterThanOrEqual(13_500);
    expect(await send(fake.paid("subscription_recurring", at + 1))).toMatchObject({ decision: { action: "reset" } });
    expect(await counted()).toEqual([0, 15_000]);
  });
});

describe("a second subscription at the other processor", () => {
  test("inside a paid period carries usage over until it is paid, in both directions", async () => {
    await clock(JUNE);
    const old = fakeStripeSubscription({ id: `sub_${userId}`, userId, price: mail, startsAt: JUNE });
    await deliver(gateway, old.created());
    await gateway.consume(userId, "stamps_used", 15_000);

    const moved = JUNE + 3 * DAY_MS;
    await clock(moved + HOUR_MS);
    const fake = await play({ startsAt: moved });
    expect(await send(fake.created())).toMatchObject({
      decision: { action: "carry_over", reason: "Resubscribed within a paid period" },
    });
    expect(await flagsOf(userId)).toEqual(["two_live_subscriptions"]);
    expect(await send(fake.paid("web", moved, "transaction.completed", { credit: 1 }))).toMatchObject({
      decision: { action: "preserve" },
    });
    expect(await send(fake.paid("web", moved))).toMatchObject({ decision: { action: "reset" } });

    await deliver(gateway, old.deleted(moved + HOUR_MS));
    expect(await subscription()).toMatchObject({ plan: "silver", processor: "paddle", status: "active" });
    expect(await counted()).toEqual([0, 15_000]);

    await gateway.consume(userId, "stamps_used", 4_000);
    const back = moved + 2 * DAY_MS;
    await clock(back + HOUR_MS);
    const again = fakeStripeSubscription({ id: `sub_${userId}_2`, userId, price: mail, startsAt: back });
    const receipt = await deliver(gateway, again.created());
    expect(receipt.body.decision).toEqual({ action: "carry_over", reason: "Resubscribed within a paid period" });
    await deliver(gateway, again.paid("subscription_create", back + 1000));
    await send(fake.canceled(back + HOUR_MS));
    expect(await subscription()).toMatchObject({ plan: "silver", processor: "stripe" });
    expect(await counted()).toEqual([0, 15_000]);
  });
});
