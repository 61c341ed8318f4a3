/** Deliveries that continue the fold from a checkpoint store the same rows as a fold of all facts. */
import { beforeEach, describe, expect, test } from "vitest";
import { foldKnown } from "@/lib/billing/timeline/build-timeline";
import { addMonths, DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import { product } from "@/lib/config/current-catalog";
import type { Gateway } from "@/lib/database";
import type { FakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { interrupted } from "@/tests/support/interrupted";
import { meteredDatabase } from "@/tests/support/metered";
import { deliver } from "@/tests/support/stripe";
import { rebuild } from "./rebuild";

const { gateway, query, meter } = meteredDatabase();
const YEARS = 3;

let users = 0;
let userId = "";
let subscription: FakeStripeSubscription;
beforeEach(() => {
  users += 1;
  userId = `checkpoint-${users}`;
  subscription = fakeStripeSubscription({
    id: `sub_${userId.replace("-", "")}`,
    userId,
    price: { product: "mail", plan: "silver", interval: "monthly" },
    startsAt: addMonths(Date.now() - HOUR_MS, -12 * YEARS),
  });
});

type StripeEvent = ReturnType<FakeStripeSubscription["created"]>;

/** The events of one month: the renewal and its invoice, an upgrade, and a change of the card. */
function month(): StripeEvent[] {
  const start = subscription.periodEnd();
  return [
    subscription.renewed(),
    subscription.paid("subscription_cycle", start),
    subscription.planChanged("titanium", start + 5 * DAY_MS),
    subscription.paid("subscription_update", start + 5 * DAY_MS),
    subscription.planChanged("silver", start + 12 * DAY_MS),
    subscription.changed({ defaultPaymentMethod: `pm_${start}` }, start + 20 * DAY_MS),
  ];
}

async function send(events: readonly StripeEvent[], by: Gateway = gateway): Promise<void> {
  for (const event of events) expect((await deliver(by, event)).body).toMatchObject({ outcome: "applied" });
}

/** Delivers months until now; usage lies in each of them. */
async function deliverHistory({ until = 12 * YEARS } = {}): Promise<void> {
  await send([
    subscription.created(),
    subscription.paid("subscription_create", subscription.periodEnd() - 31 * DAY_MS),
  ]);
  for (let index = 1; index < until; index += 1) {
    await query(
      "insert into usage_ledger (user_id, product, field, at, amount) values ($1, 'mail', 'stamps_used', $2, 100)",
      [userId, new Date(subscription.periodEnd() - 8 * DAY_MS)],
    );
    await send(month());
  }
}

const differences = async () => (await rebuild(gateway, userId, "mail", false)).differences.map(({ part }) => part);
const cut = async () =>
  (await query<{ cut: Date }>("select cut from checkpoints where user_id = $1", [userId]))[0]?.cut.getTime() ?? null;
const loaded = async () => (await gateway.loadLatest(userId, "mail", null)).facts.length;

test("a long history has a checkpoint, loads few facts, and is stored as a fold of all facts stores it", async () => {
  await deliverHistory();
  const all = (await gateway.loadTimeline(userId, "mail")).facts.length;
  expect(all).toBeGreaterThan(150);
  expect(await cut()).toBeLessThan(Date.now() - 90 * DAY_MS);
  expect(await loaded()).toBeLessThan(all / 2);
  expect(await differences()).toEqual([]);
});

describe("with a checkpoint", () => {
  beforeEach(() => deliverHistory({ until: 30 }));

  test("a renewal continues from it", async () => {
    const before = await cut();
    await send(month().slice(0, 2));
    expect(await cut()).toBe(before);
    expect(await differences()).toEqual([]);
  });

  test("an event from before it folds all facts once, and replaces it", async () => {
    const late = {
      ...subscription.changed({ defaultPaymentMethod: "pm_late" }, ((await cut()) as number) - 40 * DAY_MS),
    };
    const wholes: string[] = [];
    const counted: Gateway = {
      ...gateway,
      loadTimeline: (...args) => {
        wholes.push(args[1]);
        return gateway.loadTimeline(...args);
      },
    };
    await send([late], counted);
    expect(wholes).toEqual(["mail"]);
    expect(await differences()).toEqual([]);
    expect(await loaded()).toBeLessThan((await gateway.loadTimeline(userId, "mail")).facts.length / 2);
    await send(month().slice(0, 1), counted);
    expect(wholes).toEqual(["mail"]);
    expect(await differences()).toEqual([]);
  });

  test("an event from before it that commits first makes the other delivery fold again", async () => {
    const late = subscription.changed({ defaultPaymentMethod: "pm_late" }, ((await cut()) as number) - 40 * DAY_MS);
    const [renewed] = month() as [StripeEvent];
    await send(
      [renewed],
      interrupted(gateway, "receiveWebhookEvent", () => deliver(gateway, late)),
    );
    expect(await differences()).toEqual([]);
  });

  test("a checkpoint that was deleted in between makes the delivery fold again", async () => {
    const [renewed] = month() as [StripeEvent];
    const remove = () => query("delete from checkpoints where user_id = $1", [userId]);
    await send([renewed], interrupted(gateway, "receiveWebhookEvent", remove));
    expect(await differences()).toEqual([]);
  });

  test.each([
    ["another release", `'{"version": 99}'`],
    ["other rules", "body || '{\"version\": 0}'"],
    ["another configuration", 'body || \'{"configuration": "{}"}\''],
  ])("a checkpoint of %s is not used", async (_, body) => {
    await query(`update checkpoints set body = ${body} where user_id = $1`, [userId]);
    await send(month().slice(0, 2));
    expect(await differences()).toEqual([]);
    expect(await loaded()).toBeLessThan((await gateway.loadTimeline(userId, "mail")).facts.length / 2);
  });

  test("a process of release 0.1.0, which knows no checkpoints, deletes it with its commit", async () => {
    const known = await gateway.loadTimeline(userId, "mail");
    const result = await gateway.commitTimeline({
      userId,
      product: "mail",
      revision: known.revision,
      event: {
        processor: "stripe",
        id: "evt_old",
        type: "x",
        outcome: null,
        note: null,
        others: [],
        analysis: null,
        flags: [],
      },
      facts: [],
      timeline: foldKnown(product("mail"), known),
      decision: { action: "preserve", reason: "No billing change" },
    });
    expect(result).toMatchObject({ committed: true });
    expect(await cut()).toBeNull();
    // One delivery of eight looks for the next one.
    await send([...month(), ...month().slice(0, 2)]);
    expect(await cut()).not.toBeNull();
    expect(await differences()).toEqual([]);
  });

  test("two deliveries at once both count", async () => {
    const events = month();
    const used = (await meter(userId, "stamps_used")).used;
    await Promise.all(events.slice(0, 3).map((event) => deliver(gateway, event)));
    expect(await differences()).toEqual([]);
    expect((await meter(userId, "stamps_used")).used).toBeLessThanOrEqual(used);
  });

  test("an erasure deletes it", async () => {
    await send([subscription.deleted(subscription.periodEnd())]);
    await gateway.eraseAccount(userId);
    expect(await cut()).toBeNull();
  });
});
