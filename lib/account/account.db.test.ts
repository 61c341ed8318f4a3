import { beforeEach, describe, expect, test, vi } from "vitest";
import { DAY_MS } from "@/lib/billing/timeline/calendar";
import { DatabaseError } from "@/lib/database";
import { createGateway } from "@/lib/database/gateway";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { rebuild } from "@/lib/webhooks/rebuild";
import { baysTable } from "@/tests/support/acme/bays";
import { testDatabase } from "@/tests/support/database";
import { deliver } from "@/tests/support/stripe";

const database = testDatabase();
const gateway = createGateway(database.transport({ connections: 24 }));

let users = 0;

let userId = "";

beforeEach(() => {
  users += 1;
  userId = `user-to-erase-${users}`;
});

const query = async (text: string, values: unknown[] = []) => (await database.pool().query(text, values)).rows;

/** All tables that contain the text in a row, with raw bytes read as text. */
async function tablesContaining(text: string): Promise<string[]> {
  const tables = await query(
    `select c.relname as name from pg_class c
     where c.relnamespace = 'tollgate'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const row = name === "webhook_events" ? "t::text || encode(t.raw, 'escape')" : "t::text";
    if ((await query(`select from tollgate.${name} t where ${row} like '%' || $1 || '%' limit 1`, [text])).length > 0)
      found.push(name);
  }
  return found.sort();
}

async function subscription(product: string) {
  const found = (await gateway.usage(userId)).subscriptions.find((each) => each.product === product);
  if (!found) throw new Error(`no ${product}`);
  return found;
}

const used = async (product: string) => (await subscription(product)).meters.map(({ field, used }) => [field, used]);

/** Creates rows of the user in all tables: a subscription, usage, bays, keys, notes. */
async function createAccount({ status }: { status?: "trialing" } = {}) {
  await gateway.ensureUser(userId, `${userId}@example.com`, "Grace Hopper");
  const price = { product: "mail", plan: "silver", interval: "monthly" } as const;
  const fake = fakeStripeSubscription({
    id: `sub_n${users}`,
    userId,
    price,
    startsAt: Date.now() - 3 * DAY_MS,
    status,
  });
  await deliver(gateway, fake.created());
  await gateway.consume(userId, "stamps_used", 120, "a key");
  await gateway.consume(userId, "orders_count", 30);
  await baysTable(gateway).create(userId, "My bot");
  const note = {
    id: `note_${userId}`,
    kind: "refund",
    at: Date.now(),
    customer: `cus_${userId}`,
    amount: 5,
    currency: "usd",
    detail: userId,
  };
  const event = { processor: "stripe", id: `evt_${userId}` } as const;
  await gateway.addNotes(userId, event, [note as never], { subscription: null }).catch(() => {});
  return fake;
}

describe("a profile that is stored after the response", () => {
  const remember = () => gateway.storeProfile(userId, `${userId}@example.com`, "Grace Hopper");
  const stored = () => query("select email, name from users where user_id = $1", [userId]);

  test("creates or completes the user's row", async () => {
    expect(await remember()).toMatchObject({ email: `${userId}@example.com`, name: "Grace Hopper" });
    expect(await stored()).toEqual([{ email: `${userId}@example.com`, name: "Grace Hopper" }]);
  });

  test("is not stored after an erasure, until the user returns", async () => {
    await gateway.ensureUser(userId, `${userId}@example.com`, "Grace Hopper");
    await gateway.eraseAccount(userId);
    expect(await remember()).toBeNull();
    expect(await stored()).toEqual([]);
    await gateway.consume(userId, "stamps_used", 1);
    expect(await remember()).toMatchObject({ name: "Grace Hopper" });
  });

  test("is not stored if it waited for the erasure", async () => {
    await gateway.ensureUser(userId, null, null);
    const client = await database.pool().connect();
    await client.query("begin");
    await client.query("select tollgate.erase_account($1)", [userId]);
    const remembered = remember();
    await vi.waitUntil(async () => (await query("select from pg_locks where not granted")).length > 0, {
      timeout: 120_000,
    });
    await client.query("commit");
    client.release();
    expect(await remembered).toBeNull();
    expect(await stored()).toEqual([]);
  });

  test("a minute after an erasure creates the row again", async () => {
    await gateway.ensureUser(userId, null, null);
    await gateway.eraseAccount(userId);
    await query("update erased_accounts set erased_at = now() - interval '1 minute' where user_hash = user_hash($1)", [
      userId,
    ]);
    expect(await remember()).toMatchObject({ name: "Grace Hopper" });
  });
});

describe("erasing", () => {
  test("is refused while a subscription is live, and changes nothing", async () => {
    await createAccount();
    const before = await gateway.usage(userId);
    const error = await gateway.eraseAccount(userId).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DatabaseError);
    expect(error).toMatchObject({ problem: "conflict", reason: "subscription_alive" });
    expect({ ...(await gateway.usage(userId)), now: "" }).toEqual({ ...before, now: "" });
    expect(await query("select from erased_accounts where user_hash = user_hash($1)", [userId])).toEqual([]);
  });

  test("leaves no row with the user's id, name or e-mail address", async () => {
    const fake = await createAccount();
    await deliver(gateway, fake.deleted(Date.now()));
    expect((await tablesContaining(userId)).length).toBeGreaterThan(8);
    expect(await gateway.eraseAccount(userId)).toEqual({ erased: true });
    // The tombstone contains the customer, which the operator erases at the processor.
    expect(await tablesContaining(`${userId}@example.com`)).toEqual([]);
    expect(await tablesContaining(userId)).toEqual([]);
    const [tombstone] = await query("select * from erased_accounts where user_hash = user_hash($1)", [userId]);
    expect(JSON.stringify({ ...tombstone, processor_ids: [] })).not.toContain(`"${userId}"`);
    expect(tombstone.processor_ids).toEqual([{ processor: "stripe", customer: expect.stringContaining("cus_") }]);
  });

  test("keeps the payloads of invoices in the inbox, and empties the other events", async () => {
    const fake = await createAccount();
    await deliver(gateway, fake.paid("subscription_create", Date.now()));
    await deliver(gateway, fake.deleted(Date.now()));
    await gateway.eraseAccount(userId);
    const rows = await query(
      "select split_part(event_type, '.', 1) as kind, raw = '' as emptied, payload is null as no_payload, user_id ~ '^erased_' as renamed from webhook_events where id in (select id from webhook_events order by created_at desc limit 3)",
    );
    expect(rows).toHaveLength(3);
    for (const { kind, ...row } of rows)
      expect(row).toEqual({ emptied: kind !== "invoice", no_payload: kind !== "invoice", renamed: true });
  });

  test("keeps the sums: the ledger rows get a pseudonym", async () => {
    const sum = () => query("select field, sum(amount)::int as sum from usage_ledger group by field order by field");
    const fake = await createAccount();
    await deliver(gateway, fake.deleted(Date.now()));
    const before = await sum();
    await gateway.eraseAccount(userId);
    expect(await sum()).toEqual(before);
    expect(
      await query(
        "select distinct user_id ~ '^erased_[0-9a-f]{32}$' as anonymous from usage_ledger where user_id like 'erased%'",
      ),
    ).toEqual([{ anonymous: true }]);
  });

  test("of an unknown user erases nothing and leaves no tombstone", async () => {
    expect(await gateway.eraseAccount(userId)).toEqual({ erased: false });
    expect(await query("select from erased_accounts where user_hash = user_hash($1)", [userId])).toEqual([]);
  });

  test("concurrent with consumption: each accepted unit is counted when the user returns", async () => {
    await gateway.consume(userId, "orders_count", 1);
    const verdicts = await Promise.all([
      ...Array.from({ length: 10 }, () => gateway.consume(userId, "orders_count", 5)),
      gateway.eraseAccount(userId),
      ...Array.from({ length: 15 }, () => gateway.consume(userId, "orders_count", 5)),
    ]);
    const allowed = verdicts.filter((verdict) => "allowed" in verdict && verdict.allowed).length;
    expect(allowed).toBe(19);
    expect(await used("depot")).toContainEqual(["orders_count", 96]);
  });
});

describe("a user who returns after an erasure", () => {
  test("gets no refill: the window keeps its counters, also after a rebuild", async () => {
    await gateway.consume(userId, "orders_count", 97);
    await gateway.consume(userId, "stamps_used", 500);
    const window = (await subscription("depot")).windowStart;
    for (let time = 0; time < 2; time += 1) {
      await gateway.eraseAccount(userId);
      expect(await gateway.consume(userId, "orders_count", 4)).toMatchObject({ allowed: false, used: 97 });
      expect(await gateway.consume(userId, "stamps_used", 1)).toMatchObject({ allowed: false, used: 500 });
      expect((await subscription("depot")).windowStart).toBe(window);
      await rebuild(gateway, userId, "depot", true);
      expect(await used("depot")).toContainEqual(["orders_count", 97]);
    }
  });

  test("in a later window starts at 0, with the old anchor", async () => {
    await gateway.consume(userId, "orders_count", 97);
    const { windowEnd } = await subscription("depot").then(({ resetsAt }) => ({ windowEnd: resetsAt }));
    await gateway.eraseAccount(userId);
    await gateway.setSandboxClock(userId, Date.parse(String(windowEnd)) + DAY_MS);
    expect(await gateway.consume(userId, "orders_count", 100)).toMatchObject({ allowed: true, used: 100 });
    expect((await subscription("depot")).windowStart).toBe(windowEnd);
  });

  test("keeps the counters of a product that was not used between two erasures", async () => {
    await gateway.consume(userId, "orders_count", 97);
    await gateway.consume(userId, "stamps_used", 10);
    await gateway.eraseAccount(userId);
    await gateway.consume(userId, "stamps_used", 10);
    await gateway.eraseAccount(userId);
    expect(await gateway.consume(userId, "orders_count", 4)).toMatchObject({ allowed: false, used: 97 });
    expect(await gateway.consume(userId, "stamps_used", 1)).toMatchObject({ used: 21 });
  });

  test("gets no second trial", async () => {
    const fake = await createAccount({ status: "trialing" });
    expect(await subscription("mail")).toMatchObject({ plan: "silver", status: "trialing" });
    await deliver(gateway, fake.deleted(Date.now()));
    await gateway.eraseAccount(userId);
    const price = { product: "mail", plan: "titanium", interval: "monthly" } as const;
    const again = fakeStripeSubscription({
      id: `sub_again${users}`,
      userId,
      price,
      startsAt: Date.now(),
      status: "trialing",
      metadata: { trial_source: "checkout" },
    });
    await deliver(gateway, again.created());
    expect(await subscription("mail")).toMatchObject({ plan: "free" });
  });

  test("under another id gets none of the old counters", async () => {
    await gateway.consume(userId, "orders_count", 97);
    await gateway.eraseAccount(userId);
    userId = `${userId}-other`;
    expect(await gateway.consume(userId, "orders_count", 100)).toMatchObject({ allowed: true });
  });
});

test("concurrent attempts are counted per scope and key, until the window ends", async () => {
  const attempt = (scope: string, key = userId) => gateway.countAttempt(scope, key, 5, 3_600);
  const answers = await Promise.all(Array.from({ length: 20 }, () => attempt("a")));
  expect(answers.filter(({ allowed }) => allowed)).toHaveLength(5);
  expect(answers.every(({ retryAfter }) => retryAfter >= 1 && retryAfter <= 3_600)).toBe(true);
  expect(await attempt("b")).toMatchObject({ allowed: true });
  expect(await attempt("a", "other")).toMatchObject({ allowed: true });
  expect(await attempt("a")).toMatchObject({ allowed: false });
  await query("update rate_limits set resets_at = now() where scope = 'a' and key = $1", [userId]);
  expect(await attempt("a")).toMatchObject({ allowed: true });
});

test("erase_account names each table with rows of a user that are not deleted with the users row", async () => {
  const [{ text }] = await query(
    `select pg_get_functiondef('erase_account(text)'::regprocedure)
       || pg_get_functiondef('pseudonymize_audit_entries(text, text)'::regprocedure) as text`,
  );
  const tables = await query(
    `select distinct c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid
     where c.relnamespace = 'tollgate'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
       and a.attname in ('user_id', 'hint_user_id')
       and not exists (
         select from pg_constraint k
         where k.conrelid = c.oid and k.confrelid = 'users'::regclass and k.confdeltype = 'c')`,
  );
  expect(tables.map(({ name }) => name).filter((name) => !text.includes(`tollgate.${name} `))).toEqual([]);
});
