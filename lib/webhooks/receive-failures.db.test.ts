/** Deliveries that meet locks, erasures, defects and each other: the event is stored, and links are made once. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { DAY_MS } from "@/lib/billing/timeline/calendar";
import { priceLists } from "@/lib/config/current-catalog";
import { createGateway } from "@/lib/database/gateway";
import { retryWebhooks } from "@/lib/jobs/retry";
import { stripe } from "@/lib/processors/stripe";
import { type StripeObject, sign } from "@/lib/sandbox/event-builders/stripe/events";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { testDatabase } from "@/tests/support/database";
import { interrupted } from "@/tests/support/interrupted";
import { deliver, TEST_SECRET } from "@/tests/support/stripe";
import { receive } from "./receive";

const database = testDatabase();
const gateway = createGateway(database.transport());
afterAll(() => gateway.end());
const query = async (text: string, values: unknown[] = []) => (await database.pool().query(text, values)).rows;

let users = 0;
let user = "";
beforeEach(() => {
  users += 1;
  user = `failing-${users}`;
});

const price = { product: "mail", plan: "silver", interval: "monthly" } as const;
const play = (userId = user) =>
  fakeStripeSubscription({ id: `sub_${userId}`, userId, price, startsAt: Date.now() - 2 * DAY_MS });
const stored = async ({ id }: StripeObject) =>
  (await query("select outcome, deliveries, attempts, last_error from webhook_events where id = $1", [id]))[0];
const links = (userId = user) => query("select kind from links where user_id = $1 order by kind", [userId]);
const LINKS = [{ kind: "customer" }, { kind: "subscription" }];
const plan = async (userId = user) =>
  (await gateway.usage(userId)).subscriptions.find(({ product }) => product === "mail")?.plan;

/** Runs a statement in a transaction that stays open during the work. */
async function holding<T>(statement: string, values: unknown[], work: () => Promise<T>): Promise<T> {
  const client = await database.pool().connect();
  try {
    await client.query("begin");
    await client.query(statement, values);
    const late = sleep(10_000, undefined, { ref: false }).then(() =>
      Promise.reject(new Error("It waits for the lock.")),
    );
    return await Promise.race([work(), late]);
  } finally {
    await client.query("rollback");
    client.release();
  }
}

/** Each new subscriptions row of the user runs the statements. */
async function planted<T>(statements: string, work: () => Promise<T>): Promise<T> {
  await query(`
    create sequence planted_calls;
    grant usage on planted_calls to public;
    create function planted() returns trigger language plpgsql as $$ begin ${statements} return new; end $$;
    create trigger planted before insert on subscriptions for each row when (new.user_id = '${user}')
      execute function planted()`);
  try {
    return await work();
  } finally {
    await query("drop trigger planted on subscriptions; drop function planted(); drop sequence planted_calls");
  }
}

describe("deliveries of different users do not wait for each other", () => {
  test("if another user's row is locked", async () => {
    await gateway.ensureUser(`${user}-locked`, null, null);
    await holding("select from users where user_id = $1 for update", [`${user}-locked`], async () => {
      expect((await deliver(gateway, play().created())).body).toMatchObject({ outcome: "applied" });
    });
  });

  test("if both are first purchases, and the other one is not committed", async () => {
    const other = `${user}-other`;
    const receiving = `select receive_webhook_event('stripe', $1, 'test', '\\x00', '{}', false, now(), null, $2, $3)`;
    const identity = { customer_id: `cus_${other}`, subscription_id: `sub_${other}`, trusted_user_id: other };
    const facts = { subscription_id: `sub_${other}`, products: ["mail"], shared: true };
    await holding(receiving, [`evt_${other}`, identity, facts], async () => {
      expect((await deliver(gateway, play().created())).body).toMatchObject({ outcome: "applied" });
    });
  });
});

describe("an event whose links cannot be made is stored", () => {
  test("and answered with 503 if its user's row stays locked; the next delivery decides it", async () => {
    for (const name of ["receive_webhook_event", "resolve_links"])
      await query(`do $$ begin execute format('alter function %s set lock_timeout = ''100ms''',
        (select oid::regprocedure from pg_proc where proname = '${name}')); end $$`);
    const created = play().created();
    await gateway.ensureUser(user, null, null);
    await holding("select from users where user_id = $1 for update", [user], async () => {
      expect(await deliver(gateway, created)).toMatchObject({ status: 503 });
    });
    expect(await stored(created)).toMatchObject({ outcome: null, deliveries: 1, attempts: 0 });
    expect(await links()).toEqual([]);
    expect((await deliver(gateway, created)).body).toMatchObject({ outcome: "applied" });
    expect(await stored(created)).toMatchObject({ outcome: "applied", deliveries: 2 });
  });

  test("and is retried by the job after a defect of a read", async () => {
    const created = play().created();
    await planted("raise exception 'planted';", async () => {
      const { status, body } = await deliver(gateway, created);
      expect({ status, body }).toMatchObject({ status: 200, body: { outcome: "deferred", reason: "will_be_retried" } });
    });
    expect(await stored(created)).toMatchObject({ outcome: null, last_error: expect.stringContaining("planted") });
    // The separate functions have made the links.
    expect(await links()).toEqual(LINKS);
    await query("update webhook_events set next_attempt_at = now()");
    await retryWebhooks(gateway);
    expect(await plan()).toBe("silver");
  });

  test("if erasures always come in between", async () => {
    const created = play().created();
    const erased = `raise exception 'violates "subscriptions_user_id_fkey"' using errcode = '23503';`;
    await planted(erased, async () => expect((await deliver(gateway, created)).status).toBe(503));
    expect(await stored(created)).toMatchObject({ outcome: null, deliveries: 1 });
  });
});

test("an erasure in between repeats the whole call", async () => {
  const created = play().created();
  const once = `if nextval('tollgate.planted_calls') = 1 then
    raise exception 'violates "subscriptions_user_id_fkey"' using errcode = '23503'; end if;`;
  await planted(once, async () => expect((await deliver(gateway, created)).body).toMatchObject({ outcome: "applied" }));
  expect(await stored(created)).toMatchObject({ outcome: "applied", deliveries: 1 });
  expect(await links()).toEqual(LINKS);
});

test("an event that cannot be translated is stored with the error", async () => {
  const created = play().created();
  const raw = Buffer.from(JSON.stringify(created));
  const source = {
    ...stripe,
    normalize: () => {
      throw new Error("a defect");
    },
  };
  const { find: findPrice } = priceLists("stripe", {}, { sandbox: true });
  const endpoint = { source, secrets: [TEST_SECRET], findPrice, livemode: false };
  const signature = sign(raw, TEST_SECRET, Math.floor(Date.now() / 1000));
  const receipt = await receive({ raw, signature }, endpoint, gateway);
  expect(receipt).toMatchObject({ status: 200, body: { outcome: "deferred", reason: "will_be_retried" } });
  expect(await stored(created)).toMatchObject({ outcome: null, attempts: 1, last_error: "Error: a defect" });
  const { raw: bytes } = await gateway.loadWebhookEvent("stripe", created.id as string);
  expect(Buffer.from(bytes)).toEqual(raw);
});

test("a duplicate of a decided event makes no links", async () => {
  const created = play().created();
  await deliver(gateway, created);
  await query("delete from links where user_id = $1", [user]);
  expect((await deliver(gateway, created)).body).toMatchObject({ outcome: "duplicate" });
  expect(await links()).toEqual([]);
  expect(await stored(created)).toMatchObject({ deliveries: 2 });
});

test("the same first event, many times at once, is applied once", async () => {
  const created = play().created();
  const receipts = await Promise.all(Array.from({ length: 8 }, () => deliver(gateway, created)));
  const outcomes = receipts.map(({ body }) => body.outcome);
  expect(outcomes.filter((outcome) => outcome === "applied")).toHaveLength(1);
  expect(outcomes.filter((outcome) => outcome === "duplicate")).toHaveLength(7);
  expect(await stored(created)).toMatchObject({ outcome: "applied", deliveries: 8 });
  expect(await links()).toEqual(LINKS);
});

test("first events of one user, all at once, are all applied", async () => {
  const fake = play();
  const events = [
    fake.created(),
    fake.planChanged("titanium", Date.now() - DAY_MS),
    fake.changed({ cancelAtPeriodEnd: true }, Date.now()),
  ];
  const receipts = await Promise.all([...events, ...events].map((event) => deliver(gateway, event)));
  expect(receipts.map(({ status }) => status)).toEqual(Array(6).fill(200));
  for (const event of events) expect(await stored(event)).toMatchObject({ outcome: "applied", deliveries: 2 });
  expect(await plan()).toBe("titanium");
});

test("an outcome that is already final is not replaced by that of a second reading", async () => {
  const event: StripeObject = { ...play().created(), type: "customer.created" };
  await deliver(gateway, event);
  await deliver(gateway, event);
  expect(await stored(event)).toMatchObject({ outcome: "ignored", deliveries: 2, attempts: 1 });
});

/** The subscription's event with a second product's item. */
function withDepot(event: StripeObject): StripeObject {
  const copy = JSON.parse(JSON.stringify(event)) as { data: { object: { items: { data: object[] } } } };
  const { data } = copy.data.object.items;
  const depot = JSON.stringify(data[0]).replaceAll("mail_silver", "depot_office").replaceAll("si_", "si_depot_");
  data.push(JSON.parse(depot));
  return copy as unknown as StripeObject;
}

test("a product that becomes known after the reads of an event gets the event's shared fact", async () => {
  const fake = play();
  await deliver(gateway, fake.created());
  const both = withDepot(fake.changed({ cancelAtPeriodEnd: true }, Date.now() - DAY_MS));
  const ended = fake.deleted(Date.now() - 1000);
  await deliver(
    interrupted(gateway, "receiveWebhookEvent", () => deliver(gateway, both)),
    ended,
  );
  const { subscriptions } = await gateway.usage(user);
  expect(subscriptions.map(({ plan: each, status }) => [each, status])).toEqual([
    ["free", "canceled"],
    ["free", "canceled"],
  ]);
});

test("a known product that the catalog has dropped is left out", async () => {
  const fake = play();
  await deliver(gateway, fake.created());
  for (const table of ["subscriptions", "subscription_records"])
    await query(
      `insert into ${table} select (jsonb_populate_record(r, '{"product":"dropped"}')).* from ${table} r
       where r.user_id = $1 and r.product = 'mail'`,
      [user],
    );
  const renewed = fake.renewed();
  const inOneCall = { ...gateway, recordWebhookEvent: () => Promise.reject(new Error("The event is stored alone.")) };
  expect((await deliver(inOneCall, renewed)).body).toMatchObject({ outcome: "applied" });
});
