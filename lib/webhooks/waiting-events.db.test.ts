/** The inbox keeps decided events for a month; functions that need the waiting ones never read the others. */
import { beforeAll, expect, test } from "vitest";
import { testDatabase } from "@/tests/support/database";

const database = testDatabase();

beforeAll(async () => {
  await database.pool().query(
    `insert into webhook_events (processor, id, event_type, raw, outcome, customer_id, subscription_id)
     select 'stripe', 'evt_' || n, 'invoice.paid', repeat('x', 500)::bytea,
       case when n % 2000 = 0 then 'deferred' else 'applied' end, 'cus_' || n % 500, 'sub_' || n % 500
     from generate_series(1, 20000) n`,
  );
  await database.pool().query("update webhook_events set next_attempt_at = now() - interval '1 hour'");
  await database.pool().query("vacuum analyze webhook_events");
});

test.each([
  ["the retry job", "select claim_webhook_events(50)"],
  ["a new link", "select waiting_events('stripe', 'cus_7', 'sub_7')"],
  ["the metrics", "select billing_metrics()"],
])("%s reads the waiting events by an index", async (_, call) => {
  const client = await database.pool().connect();
  const scans = async () => {
    await client.query("select pg_stat_force_next_flush()");
    await client.query("select pg_stat_clear_snapshot()");
    const { rows } = await client.query<{ seq: string; index: string }>(
      "select seq_scan as seq, idx_scan as index from pg_stat_user_tables where relname = 'webhook_events'",
    );
    return { whole: Number(rows[0]?.seq), byIndex: Number(rows[0]?.index) };
  };
  try {
    const before = await scans();
    await client.query(call);
    const after = await scans();
    expect(after.whole).toBe(before.whole);
    expect(after.byIndex).toBeGreaterThan(before.byIndex);
  } finally {
    client.release();
  }
});
