/**
 * Rights in the database itself, independent of the code above it: every table and view for every role and verb, and
 * every function. A new relation without an entry here fails.
 */

import "@/tests/support/reference-installation";
import type pg from "pg";
import { beforeAll, describe, expect, test } from "vitest";
import { chatbotsTable } from "@/app/(product)/chatbots/_lib/chatbots-table";
import { testDatabase } from "@/tests/support/database";
import { createGateway } from "./gateway";
import { withClient } from "./migrate";

const database = testDatabase();

/**
 * Signed-in users may read these: their own rows by this column, or all ("public"). Everything else is closed to them.
 */
const READABLE: Readonly<Record<string, string>> = {
  catalog_plans: "public",
  catalog_meters: "public",
  catalog_limits: "public",
  users: "user_id",
  subscriptions: "user_id",
  usage_ledger: "user_id",
  usage_counters: "user_id",
  usage_hours: "user_id",
  usage_windows: "user_id",
  decisions: "user_id",
  reservations: "user_id",
  limit_overrides: "user_id",
  notices: "user_id",
  chatbots: "user_id",
  usage_resets: "user_id",
};

/** For the server only. */
const CLOSED = [
  "processor_prices",
  "limit_refreshes",
  "checkpoints",
  "webhook_events",
  "links",
  "notes",
  "facts",
  "subscription_records",
  "billing_periods",
  "entitlement_periods",
  "scheduled_change_runs",
  "idempotency_keys",
  "sandbox_clocks",
  "sandbox_accounts",
  "sandbox_objects",
  "sandbox_events",
  "sandbox_requests",
  "counted_tables",
  "table_rights",
  "part_migrations",
  "checkouts",
  "audit_entries",
  "job_runs",
  "job_positions",
  "figures",
  "rate_limits",
  "erased_accounts",
];

/** Claims as Clerk and as Supabase sign them; the policies take any `sub`. */
const CLERK_USER = "user_2abcDEF";
const SUPABASE_USER = "7b0e7d0c-6c1f-4a57-9d2f-2d8c4a1e6b11";
const CLAIMS = {
  [CLERK_USER]: { sub: CLERK_USER, role: "authenticated", iss: "https://clerk.example.com", sid: "sess_1", v: 2 },
  [SUPABASE_USER]: {
    sub: SUPABASE_USER,
    role: "authenticated",
    aud: "authenticated",
    iss: "https://p.supabase.co/auth/v1",
  },
};

type Role = "anon" | "authenticated" | "service_role";

/** Runs as PostgREST does: with the token's role and claims, in one transaction, which is rolled back. */
async function as<T>(role: Role, claims: object, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await database.pool().connect();
  try {
    await client.query("begin");
    await client.query("select set_config('role', $1, true), set_config('request.jwt.claims', $2, true)", [
      role,
      JSON.stringify(claims),
    ]);
    return await work(client);
  } finally {
    await client.query("rollback");
    client.release();
  }
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "allowed",
    (error: pg.DatabaseError) => error.code,
  );

const DENIED = "42501";

let relations: { name: string; kind: string; column: string }[] = [];

beforeAll(async () => {
  const gateway = createGateway(database.transport());
  for (const userId of [CLERK_USER, SUPABASE_USER]) {
    await gateway.ensureUser(userId, `${userId}@example.com`, userId);
    await gateway.consume(userId, "words_used", 10);
    await chatbotsTable(gateway).create(userId, "Bay");
    await gateway.reserve(userId, "words_used", 10, 600);
    await gateway.setLimitOverride(userId, "words_used", 900, { expiresAt: null, by: "test" });
    const values = [userId];
    await database.pool().query(
      `insert into notices (user_id, product, kind, source, occasion_at, details)
       values ($1, 'writer', 'plan_ended', 'free', now(), '{}')`,
      values,
    );
    await database
      .pool()
      .query(
        "insert into usage_hours values ($1, 'words_used', date_trunc('hour', now() - interval '1 day'), 1)",
        values,
      );
    // Only billing events create these rows.
    await database.pool().query(
      `insert into usage_windows (user_id, product, source, window_start, opened_at, window_end, transition_kind, reason, share,
         unpaid, withheld_from_previous)
       values ($1, 'writer', 'free', now(), now(), now() + interval '1 day', 'reset', 'r', '{}', false, false)`,
      values,
    );
    await database.pool().query(
      `insert into decisions (user_id, product, processor, event_id, event_type, decided_at, action, reason, flags, before, after)
       values ($1, 'writer', 'stripe', 'evt_' || $1, 't', now(), 'reset', 'r', '[]', '{"usage": {"words_used": 9}}',
         '{"usage": {"words_used": 0}}')`,
      values,
    );
  }
  const { rows } = await database.pool().query(
    `select c.relname as name, c.relkind as kind,
       (select a.attname from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attidentity = ''
        order by a.attnum limit 1) as column
     from pg_class c
     where c.relnamespace = 'tollgate'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f') order by c.relname`,
  );
  relations = rows;
});

const isPartition = (name: string) => /^usage_(ledger|hours)_(default|\d{4}_\d{2})$/.test(name);

test("every table and view has an entry", () => {
  const named = relations.map(({ name }) => name).filter((name) => !isPartition(name));
  expect(named.sort()).toEqual([...Object.keys(READABLE), ...CLOSED].sort());
  expect(relations.filter(({ name }) => isPartition(name)).length).toBeGreaterThan(12);
});

/** Statements that name at most the first column, so that they fit any relation. */
const VERBS: Readonly<Record<string, (relation: { name: string; column: string }) => string>> = {
  select: ({ name }) => `select * from tollgate.${name} limit 0`,
  insert: ({ name, column }) => `insert into tollgate.${name} (${column}) select null where false`,
  update: ({ name, column }) => `update tollgate.${name} set ${column} = ${column} where false`,
  delete: ({ name }) => `delete from tollgate.${name} where false`,
  truncate: ({ name }) => `truncate tollgate.${name}`,
};

describe.each(Object.keys(VERBS))("%s", (verb) => {
  const statement = (relation: { name: string; column: string }) => VERBS[verb]?.(relation) ?? "";

  /** Postgres reports that a joining view is not writable before it checks rights, but not before those of its schema. */
  const refusals = ({ kind }: { kind: string }) =>
    kind === "v" && verb !== "select" ? [DENIED, "55000", "42809"] : [DENIED];

  test("anon has no right on any relation", async () => {
    for (const relation of relations) {
      const code = await codeOf(as("anon", { role: "anon" }, (client) => client.query(statement(relation))));
      expect(refusals(relation), relation.name).toContain(code);
    }
  });

  test.each(Object.entries(CLAIMS))("%s has read access only, and only to the listed relations", async (_, claims) => {
    for (const relation of relations) {
      const allowed = verb === "select" && relation.name in READABLE;
      const code = await codeOf(as("authenticated", claims, (client) => client.query(statement(relation))));
      expect(allowed ? ["allowed"] : refusals(relation), relation.name).toContain(code);
    }
  });

  test("service_role has every right on every table", async () => {
    for (const relation of relations.filter(({ kind }) => kind !== "v" && verb !== "truncate")) {
      const sql = statement(relation);
      expect(
        await codeOf(as("service_role", { role: "service_role" }, (client) => client.query(sql))),
        relation.name,
      ).toBe("allowed");
    }
  });
});

describe("rows", () => {
  const owned = Object.entries(READABLE).filter(([, column]) => column !== "public");

  test.each(owned)("of %s: each user reads only their own", async (name, column) => {
    for (const [userId, claims] of Object.entries(CLAIMS)) {
      const { rows } = await as("authenticated", claims, (client) =>
        client.query(`select distinct ${column} as who from tollgate.${name}`),
      );
      expect(rows).toEqual([{ who: userId }]);
    }
    const { rows } = await as("service_role", {}, (client) =>
      client.query(`select distinct ${column} as who from tollgate.${name} order by 1`),
    );
    expect(rows).toHaveLength(2);
  });

  test.each(owned)("of %s: a token without a subject reads none", async (name) => {
    for (const claims of [{}, { sub: null }, { sub: "" }, { sub: "user_2ab%" }]) {
      const { rowCount } = await as("authenticated", { ...claims, role: "authenticated" }, (client) =>
        client.query(`select from tollgate.${name}`),
      );
      expect(rowCount).toBe(0);
    }
  });
});

describe("functions", () => {
  let functions: { name: string; call: string }[] = [];
  beforeAll(async () => {
    // With the server's search path: types of our schema have qualified names.
    const { rows } = await withClient(database.url, (client) =>
      client.query(
        `select p.oid::regprocedure::text as name, format('select tollgate.%I(%s)', p.proname,
         (select string_agg('null::' || format_type(t, null), ', ') from unnest(p.proargtypes) t)) as call
       from pg_proc p where p.pronamespace = 'tollgate'::regnamespace order by 1`,
      ),
    );
    functions = rows;
  });

  test("cannot be executed by anon and by users", async () => {
    expect(functions.length).toBeGreaterThan(40);
    for (const [role, claims] of [
      ["anon", {}],
      ...Object.values(CLAIMS).map((each) => ["authenticated", each]),
    ] as const)
      for (const { name, call } of functions)
        expect(await codeOf(as(role as Role, claims as object, (client) => client.query(call))), name).toBe(DENIED);
  });

  test("can all be executed by service_role", async () => {
    const { rows } = await database.pool().query(
      `select p.oid::regprocedure::text as name from pg_proc p
         where p.pronamespace = 'tollgate'::regnamespace and not has_function_privilege('service_role', p.oid, 'execute')`,
    );
    expect(rows).toEqual([]);
  });

  test("with `security definer` are listed here with their reason", async () => {
    const { rows } = await database
      .pool()
      .query("select proname from pg_proc where pronamespace = 'tollgate'::regnamespace and prosecdef order by 1");
    // Only the table's owner can add and drop partitions, and change the default one.
    expect(rows.map(({ proname }) => proname)).toEqual([
      "create_ledger_partitions",
      "delete_old_usage",
      "drop_ledger_partitions",
    ]);
  });
});

test("objects of a new migration are closed until they are granted", async () => {
  const client = await database.pool().connect();
  try {
    await client.query("begin");
    await client.query(
      "create table tollgate.later (id int); create function tollgate.later_too() returns int language sql as 'select 1'",
    );
    await client.query("select tollgate.grant_access()");
    const { rows } = await client.query(
      `select r as role, has_table_privilege(r, 'tollgate.later', 'select') or has_function_privilege(r, 'tollgate.later_too()', 'execute') as open
       from unnest(array['anon', 'authenticated']) r`,
    );
    expect(rows.filter(({ open }) => open)).toEqual([]);
  } finally {
    await client.query("rollback");
    client.release();
  }
});
