/** One user's calls leave connections to other users, also on a locked row. */

import "@/tests/support/reference-installation";
import { afterAll, expect, test } from "vitest";
import { chatbotsTable } from "@/app/(product)/chatbots/_lib/chatbots-table";
import { testDatabase } from "@/tests/support/database";
import { createGateway } from "../gateway";
import { limitedPerUser } from "./per-user";
import { postgresTransport } from "./postgres";

const database = testDatabase();
const shipped = testDatabase({ deadlines: "shipped" });
const gateway = createGateway(limitedPerUser(postgresTransport(database.url, { connections: 6 })));
afterAll(() => gateway.end());

test("forty calls on a user's own locked row wait outside the pool, and each is answered", async () => {
  await chatbotsTable(gateway).create("slow", "first");
  const client = await database.pool().connect();
  await client.query("begin");
  await client.query("select from subscriptions where user_id = 'slow' for update");
  const waiting = async () =>
    (
      await database
        .pool()
        .query(
          "select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
        )
    ).rows[0].n;

  const bots = Promise.all(Array.from({ length: 40 }, () => gateway.release("slow", "messages_count", 1)));
  await expect.poll(waiting).toBe(4);
  expect((await chatbotsTable(gateway).create("other", "a bot")).chatbot).not.toBeNull();
  expect((await gateway.usage("other")).subscriptions).not.toEqual([]);
  expect(gateway.pool()).toMatchObject({ waiting: 0 });
  expect(await waiting()).toBe(4);

  await client.query("rollback");
  client.release();
  expect(await bots).toHaveLength(40);
});

/** Deliveries, jobs and admins may wait longer, like calls that store a processor's completed work. */
const LONGER = [
  "add_fetched_notes",
  "add_notes",
  "add_opening_usage",
  "begin_job",
  "cleanup_old_webhook_events",
  "cleanup_rate_limits",
  "cleanup_usage",
  "commit_timeline",
  "convert_subscriptions",
  "delete_old_usage",
  "dismiss_webhook_event",
  "drop_ledger_partitions",
  "fail_webhook_event",
  "finish_checkout",
  "finish_webhook_event",
  "link_customer",
  "link_subscription",
  "link_transaction",
  "mark_duplicate_checkout",
  "move_subscription",
  "open_checkout",
  "rebuild_timeline",
  "receive_webhook_event",
  "record_webhook_event",
  "reopen_webhook_event",
  "resolve_links",
  "sandbox_commit_account",
];
/** The gate has its own deadline; these functions wait at most a second for a lock. */
const ONE_SECOND = [
  "add_to_gauge",
  "charge_usage",
  "check_and_increment_usage",
  "consume_sequential",
  "create_ledger_partitions",
  "decrement_usage",
  "expire_due_reservations",
  "probe_functions",
  "release_usage",
  "reserve_usage",
  "set_gauge",
  "set_limit_override",
  "settle_usage",
  "sync_gauge",
  "write_gauge",
];

test("a function that a user's request calls outside the gate waits at most half a second for a lock", async () => {
  const { rows } = await shipped.pool().query<{ name: string; wait: string }>(`
    select p.proname as name, substring(setting from 'lock_timeout=(.*)') as wait
    from pg_proc p cross join unnest(p.proconfig) as setting
    where p.pronamespace = 'tollgate'::regnamespace and setting like 'lock_timeout=%'`);
  const waits = (limit: string) => rows.filter(({ wait }) => wait === limit).map(({ name }) => name);
  expect(waits("3s").sort()).toEqual(LONGER);
  expect(waits("1s").sort()).toEqual(ONE_SECOND);
  expect(new Set(rows.map(({ wait }) => wait))).toEqual(new Set(["3s", "1s", "500ms", "100ms"]));
});
