import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { DAY, HOUR } from "@/lib/billing/timeline/calendar";
import type { ProductId } from "@/lib/config/catalog";
import { createGateway } from "@/lib/database/gateway";
import type { PaddleObject } from "@/lib/sandbox/event-builders/paddle/events";
import {
  type FakePaddleSubscriptionSpec,
  fakePaddleSubscription,
} from "@/lib/sandbox/event-builders/paddle/fake-subscription";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { testDatabase } from "@/tests/support/database";
import { deliverPaddle } from "@/tests/support/paddle";
import { deliver } from "@/tests/support/stripe";
import { linkCustomer } from "./link-customer";

const database = testDatabase();
const gateway = createGateway(database.transport());
afterAll(() => gateway.end());

let users = 0;
let userId = "";
beforeEach(() => {
  users += 1;
  userId = `paddle-${users}`;
});

const writer = { product: "writer", plan: "plus", interval: "monthly" } as const;
const starter = { product: "chatbots", plan: "starter", interval: "monthly" } as const;

/** A subscription whose checkout our server opened for the user. */
async function play(spec: Partial<FakePaddleSubscriptionSpec> = {}, user = userId) {
  const fake = fakePaddleSubscription({ id: `sub_${user}`, price: writer, startsAt: Date.now() - 20 * DAY, ...spec });
  await gateway.linkTransaction("paddle", fake.transaction, user);
  return fake;
}

const JUNE = Date.UTC(2026, 5, 1);
const clock = (at: number) => gateway.setSandboxClock(userId, at);

async function tell(event: PaddleObject) {
  return (await deliverPaddle(gateway, event)).body;
}

async function subscription(product: ProductId = "writer", user = userId) {
  const view = (await gateway.usage(user)).subscriptions.find((entry) => entry.product === product);
  if (!view) throw new Error(`${user} has no ${product}`);
  return view;
}

async function counted(product: ProductId = "writer", user = userId) {
  const [meter] = (await subscription(product, user)).meters;
  return [meter?.used, meter?.limit];
}

async function stored(event: PaddleObject) {
  const { rows } = await database
    .pool()
    .query("select outcome, reason, user_id, hint_user_id, deliveries from webhook_events where id = $1", [
      event.event_id,
    ]);
  return rows[0];
}

async function flagsOf(user: string): Promise<string[]> {
  const { rows } = await database
    .pool()
    .query("select flag ->> 'kind' as kind from decisions d, jsonb_array_elements(d.flags) flag where d.user_id = $1", [
      user,
    ]);
  return rows.map(({ kind }) => kind);
}

describe("the documents' checklist", () => {
  test("the same webhook three times, also as a replay with another notification_id, has one effect", async () => {
    const fake = await play();
    await tell(fake.created());
    await gateway.consume(userId, "words_used", 9_000);
    const renewed = fake.renewed({ at: Date.now() });
    expect(await tell(renewed)).toMatchObject({ outcome: "applied", decision: { action: "reset" } });
    await gateway.consume(userId, "words_used", 70);
    for (const again of [renewed, { ...renewed, notification_id: "ntf_replayed" }]) {
      expect(await tell(again)).toMatchObject({ received: true, outcome: "duplicate", decision: { action: "reset" } });
    }
    expect(await counted()).toEqual([70, 15_000]);
    expect(await stored(renewed)).toMatchObject({ outcome: "applied", deliveries: 3 });
    const { rows } = await database.pool().query("select 1 from decisions where event_id = $1", [renewed.event_id]);
    expect(rows).toHaveLength(1);
  });

  test("free at 100 of 100 messages, then Starter: 0 of 2,000", async () => {
    await clock(JUNE);
    await gateway.consume(userId, "messages_count", 100);
    expect(await gateway.consume(userId, "messages_count", 1)).toMatchObject({ allowed: false, used: 100, limit: 100 });
    await clock(JUNE + HOUR);
    const fake = await play({ price: starter, startsAt: JUNE + HOUR });
    await tell(fake.created());
    expect(await counted("chatbots")).toEqual([0, 2_000]);
    expect(await tell(fake.paid("web", JUNE + HOUR))).toMatchObject({
      decision: { action: "preserve", reason: "Payment confirmed" },
    });
    expect(await counted("chatbots")).toEqual([0, 2_000]);
  });

  test("a first payment before its subscription waits for it, and opens one window with it", async () => {
    const fake = await play({ price: starter });
    expect(await tell(fake.paid("web", Date.now() - 20 * DAY))).toMatchObject({
      decision: { action: "preserve", reason: "Payment waits for its subscription" },
    });
    expect(await subscription("chatbots")).toMatchObject({ plan: "free" });
    expect(await tell(fake.created())).toMatchObject({ decision: { action: "reset", reason: "New subscription" } });
    expect(await counted("chatbots")).toEqual([0, 2_000]);
  });

  test("at the limit, transaction.completed of a new period: 0 of the limit; the subscription's news changes nothing", async () => {
    const fake = await play({ price: starter });
    await tell(fake.created());
    await gateway.consume(userId, "messages_count", 2_000);
    expect(await gateway.consume(userId, "messages_count", 1)).toMatchObject({ allowed: false });
    expect(await tell(fake.paidAhead(Date.now()))).toMatchObject({
      decision: { action: "reset", reason: "Payment for a new billing period" },
    });
    expect(await counted("chatbots")).toEqual([0, 2_000]);
    await gateway.consume(userId, "messages_count", 3);
    expect(await tell(fake.renewed({ at: Date.now() }))).toMatchObject({ decision: { action: "preserve" } });
    expect(await counted("chatbots")).toEqual([3, 2_000]);
  });

  test("subscription.updated with a moved period start: reset; its payments confirm it", async () => {
    const fake = await play();
    await tell(fake.created());
    await gateway.consume(userId, "words_used", 15_000);
    expect(await tell(fake.renewed({ at: Date.now() }))).toMatchObject({
      decision: { action: "reset", reason: "Billing period renewal detected" },
    });
    await gateway.consume(userId, "words_used", 5);
    for (const type of ["transaction.paid", "transaction.completed"] as const) {
      expect(await tell(fake.paid("subscription_recurring", Date.now(), type))).toMatchObject({
        decision: { action: "preserve", reason: "Payment confirmed" },
      });
    }
    expect(await counted()).toEqual([5, 15_000]);
  });

  test("an upgrade and its transaction.completed (origin subscription_update): preserved", async () => {
    const fake = await play();
    await tell(fake.created());
    await gateway.consume(userId, "words_used", 12_000);
    const upgraded = fake.planChanged("ultra", Date.now());
    expect(await tell(fake.upgradePaid(Date.now()))).toMatchObject({
      decision: { action: "preserve", reason: "Payment without a new period" },
    });
    expect(await tell(upgraded)).toMatchObject({
      decision: { action: "preserve", reason: "Plan change mid-cycle detected" },
    });
    expect(await counted()).toEqual([12_000, 35_000]);
  });

  test("one-off charges and card changes: preserved", async () => {
    const fake = await play();
    await tell(fake.created());
    await gateway.consume(userId, "words_used", 12_000);
    const now = Date.now();
    const next = { start: fake.periodEnd(), end: fake.periodEnd() + 30 * DAY };
    for (const origin of ["subscription_charge", "subscription_payment_method_change"] as const) {
      for (const period of [{ start: now, end: now }, next]) {
        const charge = fake.paid("subscription_recurring", now, "transaction.completed", { origin, period });
        expect(await tell(charge)).toMatchObject({ decision: { reason: "Payment without a new period" } });
      }
    }
    expect(await counted()).toEqual([12_000, 15_000]);
  });

  test("an interval switch forgives the elapsed share only", async () => {
    await clock(JUNE);
    const fake = await play({ startsAt: JUNE });
    await tell(fake.created());
    await gateway.consume(userId, "words_used", 15_000);
    const at = JUNE + 3 * DAY;
    await clock(at);
    expect(await tell(fake.intervalSwitched("yearly", at))).toMatchObject({
      decision: { action: "carry_over", reason: "Billing cycle restarted mid-period" },
    });
    // Paddle credits what is left of the old period.
    const paid = fake.paid("subscription_update", at, "transaction.completed", { credit: 1_799 });
    expect(await tell(paid)).toMatchObject({ decision: { action: "preserve", reason: "Payment confirmed" } });
    // 3 of June's 30 days: 15,000 * 3/30 are forgiven.
    expect(await counted()).toEqual([13_500, 15_000]);
  });

  test("a failed renewal is past due in its new period, and recovers there", async () => {
    await clock(JUNE);
    const fake = await play({ startsAt: JUNE });
    await tell(fake.created());
    await gateway.consume(userId, "words_used", 9_000);
    const at = fake.periodEnd();
    await clock(at + HOUR);
    await tell(fake.renewed());
    expect(await tell(fake.paymentFailed(at + 1))).toMatchObject({ decision: { action: "preserve" } });
    await tell(fake.pastDue(at + 2));
    expect(await subscription()).toMatchObject({ status: "past_due", plan: "plus" });
    const [meter] = (await subscription()).meters;
    expect(meter).toMatchObject({ used: 0, unpaidHeld: 9_000, remaining: 6_000 });
    await tell(fake.paid("subscription_recurring", at + 3));
    await tell(fake.changed({ status: "active" }, at + 4));
    expect((await subscription()).meters[0]).toMatchObject({ used: 0, unpaidHeld: 0, remaining: 15_000 });
  });
});

describe("races, on connections of their own", () => {
  test("one event delivered 200 times at once: 200 times 200, one effect", async () => {
    const fake = await play({ startsAt: JUNE });
    await clock(JUNE);
    await tell(fake.created());
    await gateway.consume(userId, "words_used", 9_000);
    await clock(fake.periodEnd() + HOUR);
    const renewal = fake.renewed();
    const receipts = await Promise.all(Array.from({ length: 200 }, () => deliverPaddle(gateway, renewal)));
    expect(receipts.every(({ status }) => status === 200)).toBe(true);
    expect(receipts.filter(({ body }) => body.outcome === "applied")).toHaveLength(1);
    expect(await counted()).toEqual([0, 15_000]);
  });

  test("a renewal, its payment and consumption at once: one window, no word lost or counted twice", async () => {
    const fake = await play({ startsAt: JUNE });
    await clock(JUNE);
    await tell(fake.created());
    await gateway.consume(userId, "words_used", 1_000);
    const at = fake.periodEnd();
    await clock(at + HOUR);
    const [paid, renewed] = [fake.paidAhead(at + 5), fake.renewed()];
    const [first, second] = await Promise.all([
      tell(paid),
      tell(renewed),
      ...Array.from({ length: 60 }, () => gateway.consume(userId, "words_used", 7)),
    ]);
    const actions = [first, second].map((body) => (body as { decision: { action: string } }).decision.action);
    expect(actions.sort()).toEqual(["preserve", "reset"]);
    expect(await counted()).toEqual([420, 15_000]);
  });
});

describe("order", () => {
  test("created and activated with equal instants, in either order, open one window", async () => {
    const seen = [];
    for (const first of ["created", "activated"] as const) {
      const user = `${userId}-${first}`;
      const fake = await play({ startsAt: Date.UTC(2026, 9, 5) }, user);
      const [created, activated] = [fake.created(), fake.activated()];
      expect(created.occurred_at).toBe(activated.occurred_at);
      const outcomes = [];
      for (const event of first === "created" ? [created, activated] : [activated, created]) {
        outcomes.push((await tell(event)).outcome);
      }
      expect(outcomes).toEqual(first === "created" ? ["applied", "applied"] : ["deferred", "applied"]);
      expect(await stored(activated)).toMatchObject({ outcome: "applied", user_id: user });
      const { rows } = await database.pool().query("select timeline_state($1, 'writer') as state", [user]);
      seen.push(JSON.stringify(rows[0].state.periods).replaceAll(user, "user"));
      expect(rows[0].state.periods).toHaveLength(1);
    }
    expect(seen[0]).toBe(seen[1]);
  });

  test("what the subscription's own clock calls older changes nothing, whenever it comes", async () => {
    const fake = await play();
    const created = fake.created();
    const upgraded = fake.planChanged("ultra", Date.now() - DAY);
    await tell(created);
    await tell(upgraded);
    expect(await tell({ ...fake.activated(), data: created.data })).toMatchObject({
      decision: { action: "preserve" },
    });
    expect(await subscription()).toMatchObject({ plan: "ultra" });
  });
});

describe("pause and resume", () => {
  test("in the same period: its own counters again", async () => {
    await clock(JUNE);
    const fake = await play({ startsAt: JUNE });
    await tell(fake.created());
    await gateway.consume(userId, "words_used", 9_000);
    const at = JUNE + 3 * DAY;
    await clock(at + HOUR);
    expect(await tell(fake.paused(at))).toMatchObject({ decision: { reason: "Subscription paused" } });
    expect(await subscription()).toMatchObject({ plan: "free", status: "paused" });
    await tell(fake.resumed(at + HOUR, { newPeriod: false }));
    expect(await counted()).toEqual([9_000, 15_000]);
  });

  test("with a new period: carried over until it is paid in money", async () => {
    await clock(JUNE);
    const fake = await play({ startsAt: JUNE });
    await tell(fake.created());
    await gateway.consume(userId, "words_used", 15_000);
    const at = JUNE + 3 * DAY;
    await clock(at);
    await tell(fake.paused(at - HOUR));
    expect(await tell(fake.resumed(at, { newPeriod: true }))).toMatchObject({
      decision: { action: "carry_over", reason: "Subscription resumed with a new period" },
    });
    expect((await counted())[0]).toBeGreaterThanOrEqual(13_500);
    expect(await tell(fake.paid("subscription_recurring", at + 1))).toMatchObject({ decision: { action: "reset" } });
    expect(await counted()).toEqual([0, 15_000]);
  });
});

describe("moving between processors", () => {
  test("from Stripe to Paddle inside a paid period and back: carried over until paid, and nothing is taken away", async () => {
    await clock(JUNE);
    const old = fakeStripeSubscription({ id: `sub_${userId}`, userId, price: writer, startsAt: JUNE });
    await deliver(gateway, old.created());
    await gateway.consume(userId, "words_used", 15_000);

    const moved = JUNE + 3 * DAY;
    await clock(moved + HOUR);
    const fake = await play({ startsAt: moved });
    expect(await tell(fake.created())).toMatchObject({
      decision: { action: "carry_over", reason: "Resubscribed within a paid period" },
    });
    expect(await flagsOf(userId)).toEqual(["two_live_subscriptions"]);
    expect(await tell(fake.paid("web", moved, "transaction.completed", { credit: 1 }))).toMatchObject({
      decision: { action: "preserve" },
    });
    expect(await tell(fake.paid("web", moved))).toMatchObject({ decision: { action: "reset" } });

    await deliver(gateway, old.deleted(moved + HOUR));
    expect(await subscription()).toMatchObject({ plan: "plus", processor: "paddle", status: "active" });
    expect(await counted()).toEqual([0, 15_000]);

    await gateway.consume(userId, "words_used", 4_000);
    const back = moved + 2 * DAY;
    await clock(back + HOUR);
    const again = fakeStripeSubscription({ id: `sub_${userId}_2`, userId, price: writer, startsAt: back });
    const receipt = await deliver(gateway, again.created());
    expect(receipt.body.decision).toEqual({ action: "carry_over", reason: "Resubscribed within a paid period" });
    await deliver(gateway, again.paid("subscription_create", back + 1000));
    await tell(fake.canceled(back + HOUR));
    expect(await subscription()).toMatchObject({ plan: "plus", processor: "stripe" });
    expect(await counted()).toEqual([0, 15_000]);
  });
});

describe("whose it is", () => {
  test("the server's transaction says it: subscription.created names it, later events know the subscription", async () => {
    const fake = await play();
    const paid = fake.paid("web", Date.now() - 20 * DAY, "transaction.paid", { subscription: null });
    expect(await tell(paid)).toMatchObject({ outcome: "applied" });
    expect(await stored(paid)).toMatchObject({ reason: "linked", user_id: userId });
    expect(await tell(fake.created())).toMatchObject({ outcome: "applied" });
    expect(await tell(fake.renewed({ at: Date.now() }))).toMatchObject({ outcome: "applied" });
    const { rows } = await database
      .pool()
      .query("select kind, external_id, source from links where user_id = $1 order by kind", [userId]);
    expect(rows).toEqual([
      { kind: "subscription", external_id: `sub_${userId}`, source: "event" },
      { kind: "transaction", external_id: `txn_${userId}_0`, source: "checkout" },
    ]);
  });

  test("a stored transaction never becomes another user's", async () => {
    const fake = await play();
    await gateway.linkTransaction("paddle", fake.transaction, userId);
    await expect(gateway.linkTransaction("paddle", fake.transaction, "somebody-else")).rejects.toMatchObject({
      problem: "conflict",
      reason: "linked_to_another",
    });
  });

  test("a payment of nobody's that makes no subscription is ignored", async () => {
    const fake = fakePaddleSubscription({ id: `sub_${userId}`, price: writer, startsAt: Date.now() });
    const paid = fake.paid("web", Date.now(), "transaction.paid", { subscription: null });
    expect(await tell(paid)).toMatchObject({ outcome: "ignored", reason: "no_subscription" });
  });

  test("custom_data of the browser is a hint for the admin, who links with one click", async () => {
    const customData = { user_id: userId };
    const fake = fakePaddleSubscription({ id: `sub_${userId}`, price: writer, startsAt: Date.now(), customData });
    const created = fake.created();
    expect(await tell(created)).toMatchObject({ outcome: "deferred", reason: "unknown_user" });
    expect(await stored(created)).toMatchObject({ hint_user_id: userId, user_id: null });
    expect(await subscription()).toMatchObject({ plan: "free" });

    await linkCustomer({ processor: "paddle", customerId: fake.customer, userId }, gateway);
    expect(await subscription()).toMatchObject({ plan: "plus", processor: "paddle" });
  });

  test("a forged custom_data.user_id changes nothing for the victim", async () => {
    const [victim, thief] = [`${userId}-victim`, `${userId}-thief`];
    const own = await play({}, victim);
    await tell(own.created());
    await gateway.consume(victim, "words_used", 7_000);
    const { subscriptions: before } = await gateway.usage(victim);

    const customData = { user_id: victim, userId: victim };
    const startsAt = Date.now();
    const unknown = fakePaddleSubscription({ id: `sub_${thief}_1`, price: writer, startsAt, customData });
    const linked = await play({ id: `sub_${thief}_2`, startsAt, customData }, thief);
    for (const forged of [unknown.created(), unknown.renewed(), unknown.paid("web", startsAt)]) {
      expect(await tell(forged)).toMatchObject({ outcome: "deferred" });
    }
    expect(await tell(unknown.canceled(startsAt + DAY))).toMatchObject({ outcome: "deferred" });
    expect(await tell(linked.created())).toMatchObject({ outcome: "applied" });
    expect(await tell(linked.canceled(startsAt + DAY))).toMatchObject({ outcome: "applied" });

    expect((await gateway.usage(victim)).subscriptions).toEqual(before);
    const { rows } = await database.pool().query("select external_id from links where user_id = $1", [victim]);
    for (const { external_id } of rows) expect(external_id).not.toContain("thief");
    const notes = await database.pool().query("select 1 from webhook_events where user_id = $1", [victim]);
    expect(notes.rows).toHaveLength(1);
  });

  test("a checkout paid with another's e-mail links nobody's customer: each keeps what their own server stored", async () => {
    const [victim, thief] = [`${userId}-victim`, `${userId}-thief`];
    const customer = `ctm_${victim}`;
    // Paddle knows a payer by the e-mail that was typed: the thief typed the victim's.
    const forged = await play({ id: `sub_${thief}`, customer, startsAt: Date.now() }, thief);
    expect(await tell(forged.created())).toMatchObject({ outcome: "applied" });

    const own = await play({ customer, price: { ...writer, plan: "ultra" } }, victim);
    // The activation names no transaction: it waits for the creation, and is not the thief's.
    expect(await tell(own.activated())).toMatchObject({ outcome: "deferred" });
    expect(await tell(own.created())).toMatchObject({ outcome: "applied" });
    expect(await tell(own.paid("web", Date.now() - 20 * DAY))).toMatchObject({ outcome: "applied" });
    expect(await subscription("writer", victim)).toMatchObject({ plan: "ultra" });
    expect(await subscription("writer", thief)).toMatchObject({ plan: "plus" });
  });
});

test("the simulator's events count outside production only", async () => {
  const fake = await play();
  const created = { ...fake.created(), event_id: `ntfsimevt_${userId}` };
  const { body } = await deliverPaddle(gateway, created, { livemode: true });
  expect(body).toMatchObject({ outcome: "quarantined", reason: "other_livemode" });
  expect(await tell(created)).toMatchObject({ outcome: "applied" });
  const { body: real } = await deliverPaddle(gateway, fake.activated(), { livemode: true });
  expect(real).toMatchObject({ outcome: "applied" });
});
