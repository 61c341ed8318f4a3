/** No statement of a job, of the metrics or of /admin reads a table whole, however many rows it has. */
import { beforeAll, expect, test } from "vitest";
import { meteredDatabase } from "@/tests/support/metered";

const { database, query } = meteredDatabase();

const USERS = 20_000;
/** Smaller tables are read whole: that is faster than their index. */
const LARGE = 5_000;

beforeAll(async () => {
  await query(
    `insert into users (user_id) select 'user-' || to_char(n, 'FM00000') from generate_series(1, ${USERS}) n`,
  );
  await query(
    `insert into subscriptions (user_id, product, plan, limit_plan, source, window_start, window_end, advance_at, refresh_at)
     select user_id, product, 'free', 'free', 'free', now() - interval '1 day', now() + interval '1 day', now() + interval '1 day',
       'infinity'
     from users, unnest(array['mail', 'depot']) product`,
  );
  await query(
    `insert into usage_counters (user_id, field, product, plan, used, limit_amount, window_start, window_end, as_of, current_until,
       updated_at)
     select s.user_id, m.field, s.product, 'free', 10, 100, s.window_start, s.window_end, '-infinity', s.advance_at, now()
     from subscriptions s join catalog_meters m using (product)`,
  );
  await query(
    `insert into usage_ledger (user_id, product, field, at, amount)
     select user_id, 'mail', 'stamps_used', now() - n * interval '3 hours', 2 from users, generate_series(1, 3) n`,
  );
  await query(
    `insert into usage_windows (user_id, product, source, window_start, opened_at, window_end, transition_kind, reason, share, unpaid,
       withheld_from_previous, opening)
     select user_id, 'mail', 'free', now() - interval '1 day', now(), now() + interval '1 day', 'reset', 'r', '{}', false, false, '{}'
     from users`,
  );
  await query(
    `insert into subscription_records (user_id, product, source, processor, subscription_id, plan, billing_interval, quantity, status,
       period_start, period_end, collection_paused, updated_at, scheduled_plan, scheduled_interval)
     select user_id, 'mail', 'stripe:' || user_id, 'stripe', 'sub_' || user_id, 'silver', 'monthly', 1, 'active', now(),
       now() + hash * interval '1 hour', false, now(), case when hash % 2 = 0 then 'bronze' end,
       case when hash % 2 = 0 then 'monthly' end
     from (select user_id, abs(hashtext(user_id)) % 700 + 1 as hash from users) u`,
  );
  await query(
    `insert into decisions (user_id, product, processor, event_id, event_type, decided_at, action, reason, flags, before, after)
     select user_id, 'mail', 'stripe', 'evt_' || user_id, 't', now() - abs(hashtext(user_id)) % 9000 * interval '1 hour', 'reset', 'r',
       '[]', '{}', '{}' from users`,
  );
  await query(
    `insert into webhook_events (processor, id, event_type, raw, outcome, created_at, next_attempt_at, customer_id)
     select 'stripe', user_id, 'ping', '', case when hash % 100 = 0 then 'deferred' else 'applied' end,
       now() - hash * interval '1 minute', now() - hash * interval '1 minute', user_id
     from (select user_id, abs(hashtext(user_id)) % 50000 as hash from users) u`,
  );
  await query(
    `insert into reservations (user_id, product, field, amount, at, expires_at, state, requested, verdict, created_at)
     select user_id, 'mail', 'stamps_used', 1, now(), now() + interval '1 hour', case when open then 'open' else 'settled' end,
       case when not open then 1 end, case when not open then '{}'::jsonb end, now() - interval '1 hour'
     from (select user_id, hashtext(user_id) % 2 = 0 as open from users) u`,
  );
  await query(
    `insert into idempotency_keys (user_id, operation, key, request, verdict, charged_at)
     select user_id, 'consume', 'k', '{}', '{}', now() from users`,
  );
  await query(
    `insert into notices (user_id, product, kind, source, occasion_at, details, created_at, next_attempt_at)
     select user_id, 'mail', 'plan_ended', 'free', at, '{}', at, at
     from (select user_id, now() - abs(hashtext(user_id)) % 390 * interval '1 day' as at from users) u`,
  );
  await query(
    `insert into checkouts (user_id, product, plan, billing_interval, trial, processor, external_id, status, subscription_id, created_at,
       updated_at)
     select user_id, 'mail', 'silver', 'monthly', false, 'paddle', user_id, case when paid then 'paid' else 'left_open' end,
       case when paid then 'sub_' || user_id end, at, at
     from (select user_id, hashtext(user_id) % 2 = 0 as paid, now() - abs(hashtext(user_id)) % 900 * interval '1 day' as at
       from users) u`,
  );
  await query(
    `insert into job_runs (job, started_by, started_at, lease_until, finished_at, result)
     select 'retry', 'cron', now(), now(), now(), '{}' from generate_series(1, 20000)`,
  );
  await query("vacuum analyze");
});

/** The position in the middle of a walk: the page must not begin at the start of the table. */
const MIDDLE = "user-10000";
const RECORD = `jsonb_build_object('user', '${MIDDLE}', 'product', 'mail', 'source', 'stripe:${MIDDLE}')`;
const COUNTER = `jsonb_build_object('user_id', '${MIDDLE}', 'field', 'stamps_used')`;

test.each([
  ["retry", "claim_webhook_events(50)"],
  ["expire", "expire_due_reservations()"],
  ["changes", "claim_scheduled_changes('2 hours', '10 minutes', 20)"],
  ["checkouts that can be paid", "list_unsettled_checkouts(20)"],
  ["checkouts that were paid twice", "list_duplicate_checkouts()"],
  ["notices", `create_due_notices('${MIDDLE}')`],
  ["deliveries of notices", "claim_notices(100)"],
  ["old notices", "cleanup_notices()"],
  ["metrics", `measure_usage('${MIDDLE}')`],
  ["old keys and reservations", "cleanup_usage()"],
  ["old webhooks", "cleanup_old_webhook_events(30)"],
  ["partitions", `oldest_needed_usage('${MIDDLE}')`],
  ["hours", `begin_hour_sums(${COUNTER})`],
  ["hours of a user", `begin_hour_sums(null, 500, 1, '${MIDDLE}', 'mail')`],
  ["usage", `find_usage_drift('${MIDDLE}')`],
  ["comparison of hours", `find_hour_drift(${COUNTER})`],
  ["renewing subscriptions", "subscriptions_to_compare('renewing', null, now())"],
  ["changed subscriptions", "subscriptions_to_compare('changed', null, now())"],
  ["other subscriptions", `subscriptions_to_compare('rest', ${RECORD}, now())`],
  ["a user's subscriptions", `live_subscriptions('${MIDDLE}')`],
  ["limits", "refresh_limits()"],
  ["counters of release 0.1.0", `convert_subscriptions('${MIDDLE}')`],
  ["the metrics", "billing_metrics()"],
  ["the page of admins", "service_health(1)"],
])("%s", async (_, call) => {
  const client = await database.pool().connect();
  const read = async () => {
    await client.query("select pg_stat_force_next_flush()");
    await client.query("select pg_stat_clear_snapshot()");
    const { rows } = await client.query<{ name: string; whole: number; rows: number }>(
      `select relname as name, seq_scan::int as whole, coalesce(idx_tup_fetch, 0)::int + seq_tup_read::int as rows
       from pg_stat_user_tables where schemaname = 'tollgate' and n_live_tup > $1 order by 1`,
      [LARGE],
    );
    return rows;
  };
  try {
    await client.query("insert into tollgate.limit_refreshes (product) values ('mail') on conflict do nothing");
    const before = await read();
    expect(before.length).toBeGreaterThan(10);
    await client.query(`select tollgate.${call}`);
    const after = await read();
    const whole = after.filter(({ whole }, index) => whole !== before[index]?.whole).map(({ name }) => name);
    expect(whole).toEqual([]);
    // Nor does an index read a table whole.
    for (const [index, { name, rows }] of after.entries())
      expect(rows - (before[index]?.rows ?? 0), name).toBeLessThan(USERS / 2);
  } finally {
    client.release();
  }
});
