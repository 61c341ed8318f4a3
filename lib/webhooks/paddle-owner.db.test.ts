/** The user of a Paddle subscription: only the server's own transaction decides. */
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { DAY_MS } from "@/lib/billing/timeline/calendar";
import type { ProductId } from "@/lib/config/catalog";
import { createGateway } from "@/lib/database/gateway";
import type { PaddleObject } from "@/lib/sandbox/event-builders/paddle/events";
import {
  type FakePaddleSubscriptionSpec,
  fakePaddleSubscription,
} from "@/lib/sandbox/event-builders/paddle/fake-subscription";
import { testDatabase } from "@/tests/support/database";
import { deliverPaddle } from "@/tests/support/paddle";
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

const mail = { product: "mail", plan: "silver", interval: "monthly" } as const;
/** A subscription from a checkout that our server opened for the user. */
async function play(spec: Partial<FakePaddleSubscriptionSpec> = {}, user = userId) {
  const fake = fakePaddleSubscription({
    id: `sub_${user}`,
    price: mail,
    startsAt: Date.now() - 20 * DAY_MS,
    ...spec,
  });
  await gateway.linkTransaction("paddle", fake.transaction, user);
  return fake;
}

async function send(event: PaddleObject) {
  return (await deliverPaddle(gateway, event)).body;
}

async function subscription(product: ProductId = "mail", user = userId) {
  const view = (await gateway.usage(user)).subscriptions.find((entry) => entry.product === product);
  if (!view) throw new Error(`${user} has no ${product}`);
  return view;
}

async function stored(event: PaddleObject) {
  const { rows } = await database
    .pool()
    .query("select outcome, reason, user_id, hint_user_id, deliveries from webhook_events where id = $1", [
      event.event_id,
    ]);
  return rows[0];
}

describe("the user of a subscription", () => {
  test("is the user of the server's transaction, which subscription.created names", async () => {
    const fake = await play();
    const paid = fake.paid("web", Date.now() - 20 * DAY_MS, "transaction.paid", { subscription: null });
    expect(await send(paid)).toMatchObject({ outcome: "applied" });
    expect(await stored(paid)).toMatchObject({ reason: "linked", user_id: userId });
    expect(await send(fake.created())).toMatchObject({ outcome: "applied" });
    expect(await send(fake.renewed({ at: Date.now() }))).toMatchObject({ outcome: "applied" });
    const { rows } = await database
      .pool()
      .query("select kind, external_id, source from links where user_id = $1 order by kind", [userId]);
    expect(rows).toEqual([
      { kind: "subscription", external_id: `sub_${userId}`, source: "event" },
      { kind: "transaction", external_id: `txn_${userId}_0`, source: "checkout" },
    ]);
  });

  test("never changes for a stored transaction", async () => {
    const fake = await play();
    await gateway.linkTransaction("paddle", fake.transaction, userId);
    await expect(gateway.linkTransaction("paddle", fake.transaction, "another-user")).rejects.toMatchObject({
      problem: "conflict",
      reason: "linked_to_another",
    });
  });

  test("is not searched for a payment without a subscription, which is ignored", async () => {
    const fake = fakePaddleSubscription({ id: `sub_${userId}`, price: mail, startsAt: Date.now() });
    const paid = fake.paid("web", Date.now(), "transaction.paid", { subscription: null });
    expect(await send(paid)).toMatchObject({ outcome: "ignored", reason: "no_subscription" });
  });

  test("is not taken from the browser's custom_data, which is a hint for the admin", async () => {
    const customData = { user_id: userId };
    const fake = fakePaddleSubscription({ id: `sub_${userId}`, price: mail, startsAt: Date.now(), customData });
    const created = fake.created();
    expect(await send(created)).toMatchObject({ outcome: "deferred", reason: "unknown_user" });
    expect(await stored(created)).toMatchObject({ hint_user_id: userId, user_id: null });
    expect(await subscription()).toMatchObject({ plan: "free" });

    await linkCustomer({ processor: "paddle", customerId: fake.customer, userId }, gateway);
    expect(await subscription()).toMatchObject({ plan: "silver", processor: "paddle" });
  });

  test("is not affected by a forged custom_data.user_id", async () => {
    const [victim, thief] = [`${userId}-victim`, `${userId}-thief`];
    const own = await play({}, victim);
    await send(own.created());
    await gateway.consume(victim, "stamps_used", 7_000);
    const { subscriptions: before } = await gateway.usage(victim);

    const customData = { user_id: victim, userId: victim };
    const startsAt = Date.now();
    const unknown = fakePaddleSubscription({ id: `sub_${thief}_1`, price: mail, startsAt, customData });
    const linked = await play({ id: `sub_${thief}_2`, startsAt, customData }, thief);
    for (const forged of [unknown.created(), unknown.renewed(), unknown.paid("web", startsAt)]) {
      expect(await send(forged)).toMatchObject({ outcome: "deferred" });
    }
    expect(await send(unknown.canceled(startsAt + DAY_MS))).toMatchObject({ outcome: "deferred" });
    expect(await send(linked.created())).toMatchObject({ outcome: "applied" });
    expect(await send(linked.canceled(startsAt + DAY_MS))).toMatchObject({ outcome: "applied" });

    expect((await gateway.usage(victim)).subscriptions).toEqual(before);
    const { rows } = await database.pool().query("select external_id from links where user_id = $1", [victim]);
    for (const { external_id } of rows) expect(external_id).not.toContain("thief");
    const notes = await database.pool().query("select 1 from webhook_events where user_id = $1", [victim]);
    expect(notes.rows).toHaveLength(1);
  });

  test("is not found by the customer of a checkout that was paid with another user's e-mail", async () => {
    const [victim, thief] = [`${userId}-victim`, `${userId}-thief`];
    const customer = `ctm_${victim}`;
    // Paddle identifies a payer by the typed e-mail: the thief typed the victim's.
    const forged = await play({ id: `sub_${thief}`, customer, startsAt: Date.now() }, thief);
    expect(await send(forged.created())).toMatchObject({ outcome: "applied" });

    const own = await play({ customer, price: { ...mail, plan: "titanium" } }, victim);
    // The activation names no transaction: it waits for the creation, and does not get the thief as its user.
    expect(await send(own.activated())).toMatchObject({ outcome: "deferred" });
    expect(await send(own.created())).toMatchObject({ outcome: "applied" });
    expect(await send(own.paid("web", Date.now() - 20 * DAY_MS))).toMatchObject({ outcome: "applied" });
    expect(await subscription("mail", victim)).toMatchObject({ plan: "titanium" });
    expect(await subscription("mail", thief)).toMatchObject({ plan: "silver" });
  });
});

test("the simulator's events count outside production only", async () => {
  const fake = await play();
  const created = { ...fake.created(), event_id: `ntfsimevt_${userId}` };
  const { body } = await deliverPaddle(gateway, created, { livemode: true });
  expect(body).toMatchObject({ outcome: "quarantined", reason: "other_livemode" });
  expect(await send(created)).toMatchObject({ outcome: "applied" });
  const { body: real } = await deliverPaddle(gateway, fake.activated(), { livemode: true });
  expect(real).toMatchObject({ outcome: "applied" });
});
