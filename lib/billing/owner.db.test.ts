/** To which user an event belongs: its account of origin, its links, and an event that names two users. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { createGateway } from "@/lib/database/gateway";
import { testDatabase } from "@/tests/support/database";
import { deliverPaddle } from "@/tests/support/paddle";
import { deliver } from "@/tests/support/stripe";
import { DAY } from "./period";
import { adjustmentEntity, event as paddleEvent } from "./processors/paddle/events";
import { playPaddleSubscription } from "./processors/paddle/played";
import type { StripeObject } from "./processors/stripe/events";
import { playSubscription } from "./processors/stripe/played";
import { linkCustomer } from "./repair";

const database = testDatabase();
const gateway = createGateway(database.transport());
afterAll(() => gateway.end());

let users = 0;
let userId = "";
beforeEach(() => {
  users += 1;
  userId = `owner-${users}`;
});

const ULTRA = { product: "writer", plan: "ultra", interval: "yearly" } as const;

function play(user = userId) {
  return playSubscription({ id: `sub_${user}`, userId: user, price: ULTRA, startsAt: Date.now() - 3 * DAY });
}

async function writer(user = userId) {
  return (await gateway.usage(user)).subscriptions.find(({ product }) => product === "writer");
}

describe("Case 9: an event of a connected account", () => {
  const connected = (event: StripeObject): StripeObject => ({ ...event, account: "acct_1" });

  test("is stored and ignored", async () => {
    const created = connected(play().created());
    expect((await deliver(gateway, created)).body).toEqual({
      received: true,
      outcome: "ignored",
      reason: "other_account",
    });
    expect(await writer()).toMatchObject({ plan: "free" });
    expect(await gateway.loadWebhookEvent("stripe", String(created.id))).toMatchObject({ outcome: "ignored" });
  });

  test("is ignored when the settings name another account, also in the other mode", async () => {
    const created = connected({ ...play().created(), livemode: true });
    expect((await deliver(gateway, created, { connectedAccount: "acct_2" })).body).toMatchObject({
      outcome: "ignored",
      reason: "other_account",
    });
  });

  test("is handled when the settings name its account, and so are those of our own account", async () => {
    const played = play();
    const settings = { connectedAccount: "acct_1" };
    expect((await deliver(gateway, connected(played.created()), settings)).body).toMatchObject({ outcome: "applied" });
    expect(await writer()).toMatchObject({ plan: "ultra" });
    expect((await deliver(gateway, played.deleted(Date.now()), settings)).body).toMatchObject({ outcome: "applied" });
  });
});

describe("Case 20: a completed checkout session without a subscription", () => {
  const session = (changes: object) => ({
    id: `evt_session_${userId}`,
    type: "checkout.session.completed",
    created: Math.floor(Date.now() / 1000),
    livemode: false,
    data: { object: { id: "cs_1", customer: `cus_${userId}`, subscription: null, metadata: {}, ...changes } },
  });

  test.each(["payment", "setup"])("in mode %s is ignored, and no alert counts it", async (mode) => {
    expect((await deliver(gateway, session({ mode }))).body).toMatchObject({
      outcome: "ignored",
      reason: "no_subscription",
    });
    const { inbox } = await gateway.measureBilling();
    expect(inbox.filter(({ state }) => state === "deferred")).toEqual([]);
  });

  test("links the customer when our server named the user", async () => {
    const linked = session({ mode: "setup", metadata: { user_id: userId } });
    expect((await deliver(gateway, linked)).body).toMatchObject({ outcome: "applied" });
    const { links } = await gateway.userStory(userId, 1);
    expect(links).toMatchObject([{ kind: "customer", externalId: `cus_${userId}` }]);
  });
});

/** Every order of the steps. */
function orders<T>(steps: readonly T[]): T[][] {
  if (steps.length === 0) return [[]];
  return steps.flatMap((step, index) =>
    orders(steps.filter((_, other) => other !== index)).map((rest) => [step, ...rest]),
  );
}

describe("Case 22: a note and the link of its user", () => {
  const notes = async (user = userId) =>
    (await gateway.userStory(user, 1)).notes.map(({ kind, amount, eventId }) => ({ kind, amount, eventId }));
  const events = async (user = userId) =>
    (await gateway.webhookEvents({ userId: user, type: "charge" }, null, 10)).events.map(({ id, outcome }) => [
      id,
      outcome,
    ]);

  const refundOf = (customer: string, name: string): StripeObject => ({
    id: `evt_refund_${name}`,
    type: "charge.refunded",
    created: 1_700_000_000,
    livemode: false,
    data: { object: { id: "ch_1", customer, amount: 1999, amount_refunded: 500, currency: "usd" } },
  });

  test("of Stripe end alike in every order", async () => {
    const steps = ["refund", "deleted customer", "subscription", "refund"] as const;
    for (const [index, order] of orders(steps).entries()) {
      const user = `${userId}-${index}`;
      const customer = `cus_${user}`;
      const event = {
        refund: refundOf(customer, user),
        subscription: play(user).created(),
        "deleted customer": {
          ...refundOf(customer, ""),
          id: `evt_gone_${user}`,
          type: "customer.deleted",
          data: { object: { id: customer } },
        },
      };
      for (const step of order) expect((await deliver(gateway, event[step])).status).toBe(200);
      expect(await notes(user), order.join()).toEqual(
        expect.arrayContaining([
          { kind: "refund", amount: 500, eventId: `evt_refund_${user}` },
          { kind: "customer_deleted", amount: null, eventId: `evt_gone_${user}` },
        ]),
      );
      expect(await notes(user), order.join()).toHaveLength(2);
      expect(await events(user), order.join()).toEqual([[`evt_refund_${user}`, "applied"]]);
    }
  });

  test("is attached when an admin links the customer", async () => {
    await deliver(gateway, refundOf(`cus_${userId}`, userId));
    await linkCustomer({ processor: "stripe", customerId: `cus_${userId}`, userId }, gateway);
    expect(await notes()).toEqual([{ kind: "refund", amount: 500, eventId: `evt_refund_${userId}` }]);
  });

  test("of Paddle end alike in every order, by the subscription and by the transaction", async () => {
    const steps = ["by subscription", "by transaction", "link", "created"] as const;
    for (const [index, order] of orders(steps).entries()) {
      const user = `${userId}-${index}`;
      const startsAt = Date.now() - DAY;
      const price = { product: "writer", plan: "plus", interval: "monthly" } as const;
      const played = playPaddleSubscription({ id: `sub_${user}`, price, startsAt });
      const adjustment = (name: string, subscription: string | null, transaction: string) => {
        const spec = { id: `adj_${user}_${name}`, action: "refund", status: "approved", amount: 500 } as const;
        const entity = adjustmentEntity({ ...spec, subscription, transaction, customer: `ctm_${user}`, at: startsAt });
        return paddleEvent("adjustment.created", entity, { id: `evt_${user}_${name}`, at: startsAt });
      };
      const event = {
        "by subscription": adjustment("s", `sub_${user}`, `txn_${user}_renewal`),
        "by transaction": adjustment("t", null, played.transaction),
        created: played.created(),
      };
      for (const step of order) {
        if (step === "link") await gateway.linkTransaction("paddle", played.transaction, user);
        else expect((await deliverPaddle(gateway, event[step])).status).toBe(200);
      }
      // A subscription that came before its link waits until an event of it comes, as one does now.
      await deliverPaddle(gateway, event.created);
      expect((await notes(user)).map(({ eventId }) => eventId).toSorted(), order.join()).toEqual([
        `evt_${user}_s`,
        `evt_${user}_t`,
      ]);
    }
  });

  test("of a customer whom nobody links stays without a user, and no alert counts it", async () => {
    expect((await deliver(gateway, refundOf("cus_of_another_shop", userId))).body).toMatchObject({
      outcome: "applied",
    });
    const { rows } = await database
      .pool()
      .query("select user_id from notes where event_id = $1", [`evt_refund_${userId}`]);
    expect(rows).toEqual([{ user_id: null }]);
  });

  test.each([
    ["the note", 0],
    ["the link", 1],
  ])("that are written at the same moment meet when %s commits first", async (_, first) => {
    const [customer, event] = [`cus_${userId}`, refundOf(`cus_${userId}`, userId)];
    const raw = Buffer.from(JSON.stringify(event));
    const stored = { processor: "stripe", id: String(event.id), type: String(event.type) } as const;
    await gateway.recordWebhookEvent({ ...stored, raw, payload: event, livemode: false, occurredAt: 0 });
    const note = { id: `note_${userId}`, kind: "refund", customer, at: new Date().toISOString() };
    const writes = [
      { text: "select add_notes(null, 'stripe', $1, $2)", values: [stored.id, JSON.stringify([note])] },
      { text: "select resolve_links('stripe', $1, null, $2)", values: [customer, userId] },
    ];
    const [one, two] = await Promise.all([database.pool().connect(), database.pool().connect()]);
    try {
      await one.query("begin");
      await two.query("begin");
      await one.query(writes[first] as { text: string; values: string[] });
      const second = two.query(writes[1 - first] as { text: string; values: string[] });
      // The second waits for the first; without the lock it would be done by now.
      await Promise.race([second, sleep(200)]);
      await one.query("commit");
      await second;
      await two.query("commit");
    } finally {
      one.release();
      two.release();
    }
    expect(await notes()).toEqual([{ kind: "refund", amount: null, eventId: stored.id }]);
  });
});
