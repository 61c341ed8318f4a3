/** The contract of a transport: all transports give the same results and the same errors. */
import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testDatabase } from "@/tests/support/database";
import { isAvailable, TRANSPORT_KINDS } from "@/tests/support/transports";
import { DatabaseError } from "../errors";
import { createGateway } from "../gateway";
import { postgresTransport } from "./postgres";
import { supabaseTransport } from "./supabase";

const database = testDatabase();
const shipped = testDatabase({ deadlines: "shipped" });

/** Functions of these tests only: each has an answer that ours rarely or never have. */
const PROBES = `
  create function tollgate.probe_echo(p_text text, p_document jsonb, p_number bigint, p_flag boolean, p_at timestamptz,
    p_bytes bytea, p_missing text default 'default') returns jsonb language sql set search_path = '' as $$
    select jsonb_build_object('text', p_text, 'document', p_document, 'number', p_number, 'flag', p_flag,
      'at', extract(epoch from p_at) * 1000, 'bytes', encode(p_bytes, 'hex'), 'missing', p_missing) $$;
  create function tollgate.probe_null() returns jsonb language sql set search_path = '' as $$ select null::jsonb $$;
  create function tollgate.probe_raise(p_code text) returns jsonb language plpgsql set search_path = '' as $$
    begin raise exception 'said %', p_code using errcode = p_code, detail = 'field', hint = 'a_reason'; end $$;
  create table tollgate.probe_writes (user_id text primary key);
  create function tollgate.probe_write_and_fail() returns jsonb language plpgsql set search_path = '' as $$
    begin insert into tollgate.probe_writes values ('half'); raise exception 'no' using errcode = 'TG409'; end $$;
  create function tollgate.probe_role() returns jsonb language sql set search_path = '' as $$
    select jsonb_build_object('service', pg_catalog.has_table_privilege('tollgate.users', 'insert')) $$;
  grant all on tollgate.probe_writes to service_role, tollgate_app;
  grant execute on all functions in schema public to service_role;
`;

beforeAll(() => database.pool().query(PROBES));

async function errorOf(call: Promise<unknown>): Promise<DatabaseError> {
  const error = await call.then(
    () => new Error("It succeeded."),
    (thrown: unknown) => thrown,
  );
  if (error instanceof DatabaseError) return error;
  throw error;
}

describe.each(TRANSPORT_KINDS.filter((kind) => kind !== "pgbouncer"))("%s", contract);
// The installation is known when the tests run, not when they are collected.
describe("pgbouncer", () => contract("pgbouncer"));

function contract(kind: (typeof TRANSPORT_KINDS)[number]): void {
  const transport = database.transport({ kind });
  const check = (name: string, work: () => Promise<void>) =>
    test(name, async ({ skip }) => {
      if (!isAvailable(kind)) skip("PgBouncer is not installed");
      await work();
    });

  check("values keep their type and content", async () => {
    const document = { a: [1, "2", null, { ü: "😀 'quoted' \"double\" \\back" }], big: Number.MAX_SAFE_INTEGER };
    const args = {
      p_text: "line\nbreak, '; drop table users; --",
      p_document: document,
      p_number: Number.MAX_SAFE_INTEGER,
      p_flag: false,
      p_at: "2026-03-29T01:30:00.123Z",
      p_bytes: "\\x00ff10",
    };
    const expected = {
      text: args.p_text,
      document,
      number: Number.MAX_SAFE_INTEGER,
      flag: false,
      at: Date.parse(args.p_at),
      bytes: "00ff10",
    };
    expect(await transport.call("probe_echo", args)).toEqual({ ...expected, missing: "default" });
    expect(await transport.call("probe_echo", { ...args, p_missing: undefined })).toEqual({
      ...expected,
      missing: null,
    });
    expect(await transport.call("probe_null", {})).toBeNull();
  });

  check("arrays are jsonb", async () => {
    const args = { p_text: null, p_document: [1, [2]], p_number: null, p_flag: null, p_at: null, p_bytes: null };
    expect(await transport.call("probe_echo", args)).toMatchObject({ document: [1, [2]], text: null, number: null });
  });

  check("our own errors keep problem, field and reason", async () => {
    for (const [code, problem] of [
      ["TG400", "bad_input"],
      ["TG404", "not_found"],
      ["TG409", "conflict"],
    ] as const) {
      const { message, field, reason, ...error } = await errorOf(transport.call("probe_raise", { p_code: code }));
      expect(error).toMatchObject({ problem, code });
      expect({ message, field, reason }).toEqual({ message: `said ${code}`, field: "field", reason: "a_reason" });
    }
  });

  check("a temporary error is unavailable, a lasting one is broken", async () => {
    for (const [code, problem] of [
      ["55P03", "unavailable"],
      ["40P01", "unavailable"],
      ["40001", "unavailable"],
      ["57014", "unavailable"],
      ["53300", "unavailable"],
      ["25006", "unavailable"],
      ["23505", "broken"],
      ["22023", "broken"],
      ["42501", "broken"],
      ["P0001", "broken"],
      ["XX000", "broken"],
    ] as const) {
      expect(await errorOf(transport.call("probe_raise", { p_code: code })), code).toMatchObject({ problem, code });
    }
  });

  check("a missing function or argument is broken", async () => {
    expect(await errorOf(transport.call("probe_nothing", {}))).toMatchObject({ problem: "broken" });
    expect(await errorOf(transport.call("probe_raise", { p_code: "TG400", p_more: 1 }))).toMatchObject({
      problem: "broken",
    });
  });

  check("a text that Postgres cannot read as a number is an error without effect", async () => {
    const args = { p_text: "", p_document: {}, p_number: "many", p_flag: true, p_at: null, p_bytes: null };
    expect(await errorOf(transport.call("probe_echo", args))).toMatchObject({ problem: "broken", code: "22P02" });
    expect(await transport.call("ping", {})).toEqual({ ok: true });
  });

  check("a failed call writes nothing", async () => {
    expect(await errorOf(transport.call("probe_write_and_fail", {}))).toMatchObject({ problem: "conflict" });
    const { rowCount } = await database.pool().query("select from probe_writes");
    expect(rowCount).toBe(0);
  });

  check("a call has the server's rights", async () => {
    expect(await transport.call("probe_role", {})).toEqual({ service: true });
  });

  check("a locked row is unavailable within the function's lock timeout", async () => {
    const gateway = createGateway(shipped.transport({ kind }));
    const userId = `locked-${kind}`;
    await gateway.consume(userId, "stamps_used", 1);
    const holder = await shipped.pool().connect();
    try {
      await holder.query("begin");
      await holder.query("select from usage_counters where user_id = $1 for update", [userId]);
      expect(await errorOf(gateway.consume(userId, "stamps_used", 1))).toMatchObject({
        problem: "unavailable",
        code: "55P03",
      });
    } finally {
      await holder.query("rollback");
      holder.release();
    }
    expect(await gateway.consume(userId, "stamps_used", 1)).toMatchObject({ used: 2 });
  });

  check("the gateway has the same verdicts, conflicts and refusals", async () => {
    const gateway = createGateway(transport);
    const userId = `contract-${kind}`;
    expect(await gateway.consume(userId, "stamps_used", 500)).toMatchObject({ allowed: true, remaining: 0 });
    expect(await gateway.consume(userId, "stamps_used", 1)).toMatchObject({ allowed: false, reason: "limit_reached" });
    await gateway.consume(userId, "parcels_sent", 1, "key");
    expect(await errorOf(gateway.consume(userId, "parcels_sent", 2, "key"))).toMatchObject({
      problem: "conflict",
      reason: "key_reused",
      field: "idempotencyKey",
    });
    expect(await errorOf(gateway.loadWebhookEvent("stripe", "evt_none"))).toMatchObject({ problem: "not_found" });
    const raw = new Uint8Array([0, 1, 254, 255]);
    const event = {
      processor: "stripe" as const,
      id: `evt_${kind}`,
      type: "t",
      raw,
      payload: {},
      livemode: null,
      occurredAt: 0,
    };
    await gateway.recordWebhookEvent(event);
    expect((await gateway.loadWebhookEvent("stripe", event.id)).raw).toEqual(raw);
  });

  check("40 concurrent calls over few connections all get a verdict", async () => {
    const gateway = createGateway(database.transport({ kind, connections: 4 }));
    const verdicts = await Promise.all(
      Array.from({ length: 40 }, () => gateway.consume(`crowd-${kind}`, "orders_count", 5)),
    );
    expect(verdicts.filter(({ allowed }) => allowed)).toHaveLength(20);
  });
}

describe("a database without a usable answer", () => {
  const answers: Record<string, (response: http.ServerResponse) => void> = {
    "/html": (response) => response.writeHead(502, { "content-type": "text/html" }).end("<html>Bad gateway</html>"),
    "/limited": (response) => response.writeHead(429).end("slow down"),
    "/no-connection": (response) =>
      response.writeHead(503).end(JSON.stringify({ code: "PGRST001", message: "Could not connect", details: null })),
    "/pool": (response) =>
      response.writeHead(504).end(JSON.stringify({ code: "PGRST003", message: "Timed out", details: null })),
    "/cut": (response) => void response.socket?.destroy(),
    "/silent": () => {},
    "/broken": (response) => response.writeHead(500).end(JSON.stringify({ code: "PGRSTX00", message: "Internal" })),
    "/wrong-key": (response) => response.writeHead(401).end(JSON.stringify({ message: "Invalid API key" })),
  };
  const server = http.createServer((request, response) => {
    const path = Object.keys(answers).find((each) => request.url?.startsWith(each));
    answers[path ?? "/broken"]?.(response);
  });
  let base = "";
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  test.each([
    ["/html", "unavailable"],
    ["/limited", "unavailable"],
    ["/no-connection", "unavailable"],
    ["/pool", "unavailable"],
    ["/cut", "unavailable"],
    ["/silent", "unavailable"],
    ["/broken", "broken"],
    ["/wrong-key", "broken"],
  ])("behind supabase%s is %s", async (path, problem) => {
    const options = path === "/silent" ? { timeoutMs: 200 } : {};
    const transport = supabaseTransport({ url: base + path, secretKey: "sb_secret_x" }, options);
    expect(await errorOf(transport.call("ping", {}))).toMatchObject({ problem });
  });

  test("without a server is unavailable", async () => {
    const closedPort = "127.0.0.1:9";
    for (const transport of [
      postgresTransport(`postgres://postgres@${closedPort}/x`),
      supabaseTransport({ url: `http://${closedPort}`, secretKey: "sb_secret_x" }),
    ]) {
      expect(await errorOf(transport.call("ping", {}))).toMatchObject({ problem: "unavailable" });
      await transport.end();
    }
  });
});

test("no loggable error contains the secret key", async () => {
  const transport = supabaseTransport({ url: "http://127.0.0.1:9", secretKey: "sb_secret_never_logged" });
  const error = await errorOf(transport.call("ping", {}));
  expect(JSON.stringify([error.message, error.stack, error])).not.toContain("never_logged");
});
