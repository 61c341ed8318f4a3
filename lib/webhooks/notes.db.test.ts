/** Refunds, disputes and deleted customers: their notes get the same user, independent of the link's arrival. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { DAY_MS } from "@/lib/billing/timeline/calendar";
import { createGateway } from "@/lib/database/gateway";
import { adjustmentEntity, event as paddleEvent } from "@/lib/sandbox/event-builders/paddle/events";
import { fakePaddleSubscription } from "@/lib/sandbox/event-builders/paddle/fake-subscription";
import type { StripeObject } from "@/lib/sandbox/event-builders/stripe/events";
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
  userId = `noted-${users}`;
});

const SILVER = { product: "mail", plan: "silver", interval: "monthly" } as const;

/** Every order of the steps. */
function orders<T>(steps: readonly T[]): T[][] {
  if (steps.length === 0) return [[]];
  return steps.flatMap((step, index) =>
    orders(steps.filter((_, other) => other !== index)).map((rest) => [step, ...rest]),
  );
}

describe("Case 22: a note and the link of its user", () => {
  const notes = async (user = userId) =>
    (await gateway.userDetail(user, 1)).notes.map(({ kind, amount, eventId }) => ({ kind, amount, eventId }));
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
    data: { object: { id: `ch_${name}`, customer, amount: 1999, amount_refunded: 500, currency: "usd" } },
  });

  test("of Stripe have the same result in every order", async () => {
    const steps = ["refund", "deleted customer", "subscription", "refund"] as const;
    for (const [index, order] of orders(steps).entries()) {
      const user = `${userId}-${index}`;
      const customer = `cus_${user}`;
      const event = {
        refund: refundOf(customer, user),
        subscription: fakeStripeSubscription({
          id: `sub_${user}`,
          userId: user,
          price: SILVER,
          startsAt: Date.now() - DAY_MS,
        }).created(),
        "deleted customer": {
          ...refundOf(customer, ""),
          id: `evt_deleted_${user}`,
          type: "customer.deleted",
          data: { object: { id: customer } },
        },
      };
      for (const step of order) expect((await deliver(gateway, event[step])).status).toBe(200);
      expect(await notes(user), order.join()).toEqual(
        expect.arrayContaining([
          { kind: "refund", amount: 500, eventId: `evt_refund_${user}` },
          { kind: "customer_deleted", amount: null, eventId: `evt_deleted_${user}` },
        ]),
      );
      expect(await notes(user), order.join()).toHaveLength(2);
      expect(await events(user), order.join()).toEqual([[`evt_refund_${user}`, "applied"]]);
    }
  });

  test("two refunds of one charge have their total amount, at both processors", async () => {
    const user = `${userId}-both`;
    await gateway.linkCustomer("stripe", `cus_${user}`, user, "admin");
    for (const refunded of [799, 1598]) {
      const { data, ...refund } = refundOf(`cus_${user}`, user) as { data: { object: object } } & StripeObject;
      const created = 1_700_000_000 + refunded;
      const object = { ...data.object, amount_refunded: refunded };
      await deliver(gateway, { ...refund, id: `evt_${refunded}_${user}`, created, data: { object } });
    }
    await gateway.linkTransaction("paddle", `txn_${user}`, user);
    for (const part of ["one", "two"]) {
      const spec = { id: `adj_${part}_${user}`, customer: `ctm_${user}`, subscription: `sub_${user}`, at: Date.now() };
      const refund = {
        ...spec,
        transaction: `txn_${user}`,
        amount: 799,
        action: "refund",
        status: "approved",
      } as const;
      const envelope = { id: `evt_${part}_${user}`, at: Date.now() };
      await deliverPaddle(gateway, paddleEvent("adjustment.updated", adjustmentEntity(refund), envelope));
    }
    expect(await notes(user)).toMatchObject([
      { kind: "refund", amount: 1598 },
      { kind: "refund", amount: 1598, eventId: `evt_1598_${user}` },
    ]);
  });

  test("are combined when an admin links the customer", async () => {
    await deliver(gateway, refundOf(`cus_${userId}`, userId));
    await linkCustomer({ processor: "stripe", customerId: `cus_${userId}`, userId }, gateway);
    expect(await notes()).toEqual([{ kind: "refund", amount: 500, eventId: `evt_refund_${userId}` }]);
  });

  test("of Paddle have the same result in every order, by the subscription and by the transaction", async () => {
    const steps = ["by subscription", "by transaction", "link", "created"] as const;
    for (const [index, order] of orders(steps).entries()) {
      const user = `${userId}-${index}`;
      const startsAt = Date.now() - DAY_MS;
      const fake = fakePaddleSubscription({ id: `sub_${user}`, price: SILVER, startsAt });
      const adjustment = (name: string, subscription: string | null, transaction: string) => {
        const spec = { id: `adj_${user}_${name}`, action: "refund", status: "approved", amount: 500 } as const;
        const entity = adjustmentEntity({ ...spec, subscription, transaction, customer: `ctm_${user}`, at: startsAt });
        return paddleEvent("adjustment.created", entity, { id: `evt_${user}_${name}`, at: startsAt });
      };
      const event = {
        "by subscription": adjustment("s", `sub_${user}`, `txn_${user}_renewal`),
        "by transaction": adjustment("t", null, fake.transaction),
        created: fake.created(),
      };
      for (const step of order) {
        if (step === "link") await gateway.linkTransaction("paddle", fake.transaction, user);
        else expect((await deliverPaddle(gateway, event[step])).status).toBe(200);
      }
      // A subscription from before its link waits for its next event, which arrives now.
      await deliverPaddle(gateway, event.created);
      expect((await notes(user)).map(({ eventId }) => eventId).toSorted(), order.join()).toEqual([
        `evt_${user}_s`,
        `evt_${user}_t`,
      ]);
    }
  });

  test("are not combined for an unknown customer: the note has no user, and no alert counts it", async () => {
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
  ])("are combined if both are written at once and %s commits first", async (_, first) => {
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
      // The second waits for the first; without the lock it would have ended by now.
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
