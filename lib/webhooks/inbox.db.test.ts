/** Events that cannot be decided at once: deferred, quarantined, failing, dead, replayed. */
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { DAY_MS } from "@/lib/billing/timeline/calendar";
import { createGateway } from "@/lib/database/gateway";
import { retryWebhooks } from "@/lib/jobs/retry";
import type { StripeObject } from "@/lib/sandbox/event-builders/stripe/events";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { testDatabase } from "@/tests/support/database";
import { interrupted, readingSeparately } from "@/tests/support/interrupted";
import { deliver } from "@/tests/support/stripe";
import { linkCustomer, replay } from "./link-customer";

const database = testDatabase();
const gateway = createGateway(database.transport());
afterAll(() => gateway.end());

let users = 0;
let userId = "";
beforeEach(() => {
  users += 1;
  userId = `inbox-${users}`;
});

const silver = { product: "mail", plan: "silver", interval: "monthly" } as const;
const play = (id = `sub_${userId}`) =>
  fakeStripeSubscription({ id, userId, price: silver, startsAt: Date.now() - 2 * DAY_MS });

/** The same event without the metadata that would link it, or with other text in it. */
function changed(event: StripeObject, from: string, to: string): StripeObject {
  return JSON.parse(JSON.stringify(event).replaceAll(from, to));
}
const unlinked = (event: StripeObject) => changed(event, `"user_id":"${userId}"`, `"other":""`);

async function plan() {
  return (await gateway.usage(userId)).subscriptions.find(({ product }) => product === "mail")?.plan;
}

async function stored(id: string) {
  const { rows } = await database
    .pool()
    .query("select outcome, reason, attempts, deliveries, last_error from webhook_events where id = $1", [id]);
  return rows[0];
}

/** Ends every wait. */
const dueNow = () => database.pool().query("update webhook_events set next_attempt_at = now() - interval '1 second'");

describe("an event of an unknown user", () => {
  test("is applied when an admin links its customer", async () => {
    const fake = play();
    const [created, upgraded] = [unlinked(fake.created()), unlinked(fake.planChanged("titanium", Date.now() - DAY_MS))];
    expect((await deliver(gateway, upgraded)).body).toMatchObject({ outcome: "deferred", reason: "unknown_user" });
    expect((await deliver(gateway, created)).body).toMatchObject({ outcome: "deferred" });

    const request = { processor: "stripe", customerId: `cus_${userId}`, userId } as const;
    const { events } = await linkCustomer(request, gateway);
    expect(events.map(({ outcome }) => outcome)).toEqual(["applied", "applied"]);
    expect(await plan()).toBe("titanium");
    await expect(linkCustomer({ ...request, userId: "another-user" }, gateway)).rejects.toMatchObject({
      problem: "conflict",
      reason: "linked_to_another",
    });
  });

  test("is applied when a later event of its customer names the user", async () => {
    const fake = play();
    await deliver(gateway, unlinked(fake.created()));
    const session = {
      id: `evt_session_${userId}`,
      object: "event",
      type: "checkout.session.completed",
      created: Math.floor(Date.now() / 1000),
      livemode: false,
      data: {
        object: {
          id: "cs_1",
          object: "checkout.session",
          customer: `cus_${userId}`,
          subscription: `sub_${userId}`,
          client_reference_id: "another-user",
          metadata: { user_id: userId },
        },
      },
    };
    expect((await deliver(gateway, session)).body).toMatchObject({ outcome: "applied" });
    expect(await plan()).toBe("silver");
  });

  test("is deferred if only the browser could have written the user id", async () => {
    const session = {
      id: `evt_browser_${userId}`,
      type: "checkout.session.completed",
      created: 1_700_000_000,
      livemode: false,
      data: { object: { customer: `cus_${userId}`, subscription: null, client_reference_id: userId, metadata: {} } },
    };
    expect((await deliver(gateway, session)).body).toMatchObject({ outcome: "deferred" });
  });

  test("is applied by the retry job if the link arrived while it was being deferred", async () => {
    const created = unlinked(play().created());
    await deliver(gateway, created);
    await gateway.ensureUser(userId, null, null);
    await database
      .pool()
      .query(
        "insert into links (processor, kind, external_id, user_id, source) values ('stripe', 'customer', $1, $2, 'event')",
        [`cus_${userId}`, userId],
      );
    await dueNow();
    await retryWebhooks(gateway);
    expect(await plan()).toBe("silver");
  });
});

describe("an event that was stored and not decided", () => {
  test("is decided by its next delivery", async () => {
    const created = play().created();
    await storeOnly(created);
    expect((await deliver(gateway, created)).body).toMatchObject({ outcome: "applied" });
    expect((await deliver(gateway, created)).body).toMatchObject({ outcome: "duplicate" });
    expect(await stored(created.id as string)).toMatchObject({ deliveries: 3, outcome: "applied" });
  });

  test("is decided once by two concurrent retry jobs", async () => {
    const created = play().created();
    await storeOnly(created);
    await dueNow();
    const results = await Promise.all([retryWebhooks(gateway), retryWebhooks(gateway)]);
    expect(results[0].decided + results[1].decided).toBe(1);
    expect(await plan()).toBe("silver");
  });

  test("is retried ten times if it always throws, is then dead, and can be replayed", async () => {
    const created = play().created();
    const id = created.id as string;
    await breakCommits();
    try {
      const receipt = await deliver(gateway, created);
      expect(receipt).toMatchObject({ status: 200, body: { outcome: "deferred", reason: "will_be_retried" } });
      for (let attempt = 2; attempt <= 10; attempt += 1) {
        await dueNow();
        expect(await retryWebhooks(gateway)).toMatchObject({ failed: 1 });
      }
      expect(await stored(id)).toMatchObject({
        outcome: "dead",
        attempts: 10,
        last_error: expect.stringContaining("planted"),
      });
      await dueNow();
      expect(await retryWebhooks(gateway)).toEqual({ decided: 0, failed: 0 });
    } finally {
      await database.pool().query("drop trigger planted on decisions; drop function planted()");
    }
    expect(await replay("stripe", id, gateway)).toMatchObject({ outcome: "applied" });
    expect(await replay("stripe", id, gateway)).toMatchObject({ outcome: "duplicate" });
    await expect(replay("stripe", "evt_nothing", gateway)).rejects.toMatchObject({ problem: "not_found" });
    expect(await plan()).toBe("silver");
  });
});

describe("an unlisted price", () => {
  const unlisted = (event: StripeObject) => changed(event, "price_mail_silver_monthly", "price_unlisted");

  test("keeps the last known plan, and the subscription's end applies", async () => {
    const fake = play();
    await deliver(gateway, fake.created());
    const repriced = unlisted(fake.changed({ quantity: 2 } as object, Date.now() - DAY_MS));
    expect((await deliver(gateway, repriced)).body).toMatchObject({ outcome: "applied" });
    expect(await plan()).toBe("silver");
    expect((await deliver(gateway, unlisted(fake.deleted(Date.now() - 1000)))).body).toMatchObject({
      outcome: "applied",
      decision: { action: "preserve", reason: "Subscription ended" },
    });
    expect(await plan()).toBe("free");
  });

  test("in an end does not prevent it, also if the end arrived before the creation", async () => {
    const fake = play();
    const created = fake.created();
    const ended = unlisted(fake.deleted(Date.now() - 1000));
    expect((await deliver(gateway, ended)).body).toMatchObject({ outcome: "quarantined" });
    await deliver(gateway, created);
    expect(await plan()).toBe("free");
  });
});

describe("a subscription's end is not lost", () => {
  const unlisted = (event: StripeObject) => changed(event, "price_mail_silver_monthly", "price_unlisted");

  test.each(["created first", "end first"])(
    "if it is deferred at an unlisted price and then linked: %s",
    async (order) => {
      const fake = play();
      const created = unlinked(fake.created());
      const ended = unlisted(unlinked(fake.deleted(Date.now() - 1000)));
      for (const event of order === "end first" ? [ended, created] : [created, ended]) await deliver(gateway, event);
      await linkCustomer({ processor: "stripe", customerId: `cus_${userId}`, userId }, gateway);
      expect(await plan()).toBe("free");
    },
  );

  test("if the retry job decides the creation", async () => {
    const fake = play();
    const created = fake.created();
    await deliver(gateway, unlisted(fake.deleted(Date.now() - 1000)));
    await storeOnly(created);
    await dueNow();
    await retryWebhooks(gateway);
    await dueNow();
    await retryWebhooks(gateway);
    expect(await plan()).toBe("free");
  });

  test.each([
    ["all timelines are read", "receiveWebhookEvent", gateway, 1],
    ["the first product is committed", "commitTimeline", gateway, 1],
    ["the second timeline is read", "loadLatest", readingSeparately(gateway), 2],
  ] as const)("while another product of the subscription becomes known, if it commits after %s", async (...args) => {
    const [, method, over, nth] = args;
    const fake = play();
    const text = JSON.stringify(fake.created());
    const both = JSON.parse(text) as { data: { object: { items: { data: object[] } } } };
    const [item] = both.data.object.items.data;
    both.data.object.items.data.push(JSON.parse(JSON.stringify(item).replaceAll("mail_silver", "depot_office")));
    const ended = fake.deleted(Date.now() - 1000);
    const ending = interrupted(over, method, () => deliver(gateway, ended), nth);
    await deliver(ending, both as unknown as StripeObject);
    const products = (await gateway.usage(userId)).subscriptions.map(({ plan: each }) => each);
    expect(products).toEqual(["free", "free"]);
  });
});

test("refunds and disputes are recorded, also if the processor does not name a user", async () => {
  await deliver(gateway, play().created());
  const note = (type: string, object: StripeObject) =>
    deliver(gateway, { id: `evt_${type}_${userId}`, type, created: 1_700_000_000, livemode: false, data: { object } });
  const customer = `cus_${userId}`;
  await note("charge.refunded", { id: "ch_1", customer, amount: 1999, amount_refunded: 500, currency: "usd" });
  await note("charge.dispute.created", {
    id: "dp_1",
    charge: "ch_1",
    amount: 1999,
    currency: "usd",
    status: "needs_response",
  });
  await note("customer.deleted", { id: customer });
  const { rows } = await database
    .pool()
    .query("select user_id, kind, amount::int, currency, detail from notes where event_id like $1 order by kind", [
      `%_${userId}`,
    ]);
  expect(rows).toEqual([
    { user_id: userId, kind: "customer_deleted", amount: null, currency: null, detail: null },
    { user_id: null, kind: "dispute_opened", amount: 1999, currency: "usd", detail: "needs_response" },
    { user_id: userId, kind: "refund", amount: 500, currency: "usd", detail: null },
  ]);
  expect(await plan()).toBe("silver");
});

/** Stores the event only, as a crash after the inbox does. */
async function storeOnly(event: StripeObject): Promise<void> {
  const raw = Buffer.from(JSON.stringify(event));
  await gateway.recordWebhookEvent({
    processor: "stripe",
    id: event.id as string,
    type: event.type as string,
    raw,
    payload: event,
    livemode: false,
    occurredAt: 0,
  });
}

/** Every commit throws, as with a defect of ours. */
async function breakCommits(): Promise<void> {
  await database.pool().query(`
    create function planted() returns trigger language plpgsql as 'begin raise exception ''planted''; end';
    create trigger planted before insert on decisions for each row execute function planted()`);
}
