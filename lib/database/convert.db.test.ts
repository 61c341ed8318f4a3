/**
 * The migration from release 0.1.0 to counters in rows, while processes of both releases call the gate: every counter has
 * its number before, plus the calls that were allowed meanwhile. CONVERT_ROWS sets the size of the ledger.
 */
import "@/tests/support/reference-installation";
import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import path from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { databaseUrl } from "@/tests/support/database-url";
import config from "@/tollgate.config";
import { catalogDocument } from "./catalog-document";
import { createGateway } from "./gateway";
import { applyPrelude, EVERY_PART, migrate, runFile, SUPABASE, withClient } from "./migrate";
import { postgresTransport } from "./transports/postgres";

const USERS = 600;
const ROWS = Number(process.env.CONVERT_ROWS ?? 120_000);
const FIELD = "messages_count";
const server = inject("serverUrl");
const name = `convert_${randomBytes(6).toString("hex")}`;
const url = databaseUrl(server, name);

/** The migrations of release 0.1.0, recorded as `npm run db:migrate` records them. */
const RELEASE = "20261128100000";

async function installRelease(client: pg.Client): Promise<void> {
  await applyPrelude(client);
  const file = (folder: string) => {
    const [found] = readdirSync(path.join(SUPABASE, folder)).filter((each) => each.startsWith(RELEASE));
    return path.join(SUPABASE, folder, found as string);
  };
  for (const folder of ["migrations", "parts/reference", "parts/sandbox"]) await runFile(client, file(folder));
  await client.query(
    `create schema supabase_migrations;
     create table supabase_migrations.schema_migrations (version text primary key, statements text[], name text);
     insert into supabase_migrations.schema_migrations values ('${RELEASE}', '{}', 'baseline');
     insert into tollgate.part_migrations (part, version) values ('reference', '${RELEASE}'), ('sandbox', '${RELEASE}')`,
  );
  await client.query("select tollgate.save_catalog($1::jsonb)", [JSON.stringify(catalogDocument(config))]);
}

/** Users with usage, a reservation, an own limit, and things; by the functions of 0.1.0. */
const SEED = [
  `select count(tollgate.get_usage('user-' || n)) from generate_series(1, ${USERS}) n`,
  `select count(tollgate.set_limit_override('user-' || n, '${FIELD}', 1000000000, null, 'test')) from generate_series(1, ${USERS}) n`,
  `select count(tollgate.check_and_increment_usage('user-' || n, 'words_used', 'free', 1 + n % 9)) from generate_series(1, ${USERS}) n`,
  `select count(tollgate.reserve_usage('user-' || n, 'words_used', 7, 3600)) from generate_series(1, ${USERS}, 3) n`,
  `select count(tollgate.create_chatbot('user-' || n, 'Bot')) from generate_series(1, ${USERS}, 4) n`,
  // The windows began before the rows.
  `update tollgate.subscriptions set created_at = now() - interval '20 days', window_start = now() - interval '20 days',
     window_end = now() + interval '8 days', advance_at = now() + interval '8 days'`,
  `insert into tollgate.usage_ledger (user_id, product, field, at, amount)
   select 'user-' || 1 + n % ${USERS}, 'chatbots', '${FIELD}', now() - interval '15 days' * (n::float / ${ROWS}), 1 + n % 3
   from generate_series(1, ${ROWS}) n`,
  `update tollgate.subscriptions s set usage = s.usage || jsonb_build_object('${FIELD}', (
     select coalesce(sum(l.amount), 0) from tollgate.usage_ledger l where l.user_id = s.user_id and l.field = '${FIELD}'))
   where s.product = 'chatbots'`,
  "analyze",
];

const numbers = (rows: { user_id: string; numbers: unknown }[]) =>
  new Map(rows.map((row) => [row.user_id, row.numbers]));

const BEFORE = `select user_id, jsonb_object_agg(field, jsonb_build_array(used, limits, held) order by field) as numbers from (
    select s.user_id, m.field, (s.usage ->> m.field)::bigint as used, (s.limits ->> m.field)::bigint as limits,
      coalesce((s.reserved ->> m.field)::bigint, 0) as held
    from tollgate.subscriptions s join tollgate.catalog_meters m using (product)) n group by 1`;
const AFTER = `select user_id, jsonb_object_agg(field, jsonb_build_array(used, limit_amount, reserved) order by field) as numbers
  from tollgate.usage_counters group by 1`;

/** One call of a process of 0.1.0; true if it was allowed. */
async function oldCall(client: pg.Client, userId: string): Promise<boolean> {
  const sums = [{ user_id: userId, field: FIELD, amount: 1, unkeyed: 1 }];
  const batch = await client.query("select tollgate.consume_batch($1::jsonb) as states", [JSON.stringify(sums)]);
  const [state] = batch.rows[0].states as [unknown, boolean][];
  if (state?.[1]) return true;
  const charges = [{ call: 0, user_id: userId, field: FIELD, amount: 1, key: null }];
  const sequential = await client.query("select tollgate.consume_sequential($1::jsonb) as answers", [
    JSON.stringify(charges),
  ]);
  return sequential.rows[0].answers[0][0].allowed;
}

const allowed = new Map<string, number>();
const count = (userId: string) => allowed.set(userId, (allowed.get(userId) ?? 0) + 1);
/** Errors of calls that were undone: the database was changing. Each is answered 503. */
const refused: string[] = [];
let before = new Map<string, unknown>();

/** Calls random users until stopped. */
async function callUntil(stopped: () => boolean, call: (userId: string) => Promise<boolean>, step: number) {
  for (let turn = 0; !stopped(); turn += step) {
    const userId = `user-${1 + (turn % USERS)}`;
    try {
      if (await call(userId)) count(userId);
    } catch (error) {
      refused.push((error as pg.DatabaseError).code ?? String(error));
    }
  }
}

beforeAll(async () => {
  await withClient(server, (client) => client.query(`create database ${name}`));
  await withClient(url, async (client) => {
    await installRelease(client);
    for (const statement of SEED) await client.query(statement);
    before = numbers((await client.query(BEFORE)).rows);
  });

  let running = true;
  const old = await Promise.all(
    [1, 2].map(async () => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      return client;
    }),
  );
  const gateway = createGateway(postgresTransport(url, { connections: 4 }));
  const callers = old.map((client, index) =>
    callUntil(
      () => !running,
      (userId) => oldCall(client, userId),
      7 + index * 4,
    ),
  );
  // Killed after it has begun to move rows; the second run goes on.
  const killed = migrate(url, config, EVERY_PART).catch((error: Error) => error);
  await withClient(url, async (client) => {
    for (;;) {
      const known = await client.query("select to_regclass('tollgate.usage_counters') as found");
      const moved =
        known.rows[0].found && (await client.query("select count(*)::int as n from tollgate.usage_counters"));
      if (moved && moved.rows[0].n > 0) break;
    }
    await client.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tollgate-migrate' and pid <> pg_backend_pid() and datname = current_database()",
    );
  });
  await killed;
  const fresh = callUntil(
    () => !running,
    async (userId) => (await gateway.consume(userId, FIELD, 1)).allowed,
    13,
  );
  await migrate(url, config, EVERY_PART);
  running = false;
  await Promise.all([...callers, fresh]);
  await gateway.end();
  await Promise.all(old.map((client) => client.end()));
});

afterAll(() => withClient(server, (client) => client.query(`drop database if exists ${name} with (force)`)));

const rows = async <Row = Record<string, unknown>>(sql: string): Promise<Row[]> =>
  withClient(url, async (client) => (await client.query(sql)).rows as Row[]);

describe("after the migration", () => {
  test("calls were allowed during it, and a call that failed was undone", () => {
    expect([...allowed.values()].reduce((sum, units) => sum + units, 0)).toBeGreaterThan(50);
    // 55P03: a lock; 42883: a function of 0.1.0 that ended within the call; 57P01: the connection was ended.
    expect(refused.filter((code) => !["55P03", "42883", "57P01", "40001"].includes(code))).toEqual([]);
  });

  test("every counter, limit and reservation has its number from before, plus the allowed calls", async () => {
    const after = numbers(await rows(AFTER));
    const expected = new Map(
      [...before].map(([userId, fields]) => {
        const [used, ...others] = (fields as Record<string, [number, number, number]>)[FIELD] as [
          number,
          number,
          number,
        ];
        return [userId, { ...(fields as object), [FIELD]: [used + (allowed.get(userId) ?? 0), ...others] }];
      }),
    );
    expect(after).toEqual(expected);
  });

  test("no row keeps counters of 0.1.0, and none differs from the ledger or the things", async () => {
    expect(await rows("select user_id from tollgate.subscriptions where usage is not null")).toEqual([]);
    const gateway = createGateway(postgresTransport(url, { connections: 1 }));
    try {
      for (let after: string | null = ""; after !== null; ) {
        const page: Awaited<ReturnType<typeof gateway.findUsageDrift>> = await gateway.findUsageDrift(after);
        expect(page.drifts).toEqual([]);
        after = page.next;
      }
    } finally {
      await gateway.end();
    }
  });

  test("the documents' views show the same numbers", async () => {
    expect(
      await rows(`select s.user_id from public.subscriptions s join tollgate.usage_counters c using (user_id, product)
        where (s.usage ->> c.field)::bigint is distinct from c.used or (s.limits ->> c.field)::bigint is distinct from c.limit_amount`),
    ).toEqual([]);
  });
});
