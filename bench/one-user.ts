/**
 * How much one user slows another one: the other's latency alone and beside each load, in turns, on the production build.
 * The user who makes the load waits as long as each refusal says.
 */
import { mkdtempSync, rmSync } from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { startEmbeddedPostgres } from "@/scripts/database/embedded";
import { startPreview } from "@/tests/support/preview";
import { closedLoop, type Measured, median } from "./load";
import { printTable } from "./table";

const PORT = process.env.BENCH_PORT ?? "3190";
const ROWS = 200_000;
/** The demo user has a subscription, so that a preview reaches the processor. */
const BUSY = "demo";
const OTHER = "bench-other";

interface Answer {
  status: number;
  retryAfter: number;
}
type Send = (method: string, path: string, body?: unknown) => Promise<Answer>;

interface Load {
  name: string;
  callers: number;
  call: (send: Send) => Promise<Answer>;
  /** The busy user's rows are locked meanwhile. */
  locked?: boolean;
}

const LOADS: readonly Load[] = [
  {
    name: "40 calls on an own locked row",
    callers: 40,
    call: (send) => send("POST", "/api/chatbots", { name: "Bot" }),
    locked: true,
  },
  {
    name: "40 calls of the gate on an own locked row",
    callers: 40,
    call: (send) => send("POST", "/api/usage/consume", { field: "messages_count" }),
    locked: true,
  },
  {
    name: `8 exports of ${ROWS.toLocaleString("en-US")} rows`,
    callers: 8,
    call: (send) => send("GET", "/api/account/export"),
  },
  {
    name: "20 previews at once, without end",
    callers: 20,
    call: (send) =>
      send("POST", "/api/subscription/preview", { product: "writer", plan: "ultra", interval: "monthly" }),
  },
  { name: "20 portals at once, without end", callers: 20, call: (send) => send("POST", "/api/portal", {}) },
  { name: "20 lists of invoices at once, without end", callers: 20, call: (send) => send("GET", "/api/invoices") },
];

export async function oneUserBench({ rounds, milliseconds }: { rounds: number; milliseconds: number }): Promise<void> {
  const directory = mkdtempSync(path.join(os.tmpdir(), "tollgate-bench-one-user-"));
  const preview = await startPreview({ port: PORT, directory });
  // Found running, since the preview started it.
  const { url } = await startEmbeddedPostgres({ directory: path.join(directory, "postgres") });
  const database = new pg.Client({ connectionString: url });
  await database.connect();
  try {
    const [busy, other] = [await signedIn(BUSY), await signedIn(OTHER)];
    await prepare(database);
    const rows: string[][] = [];
    for (const load of LOADS) rows.push(await measure(load, { busy, other, database, rounds, milliseconds }));
    printTable(
      `Another user's p99, alone and beside one user's load: ${rounds} rounds of ${milliseconds} ms each`,
      ["", "alone ms", "beside ms", "ratio", "answers to the load"],
      rows,
    );
  } finally {
    await database.end();
    await preview.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

interface Bench {
  busy: Send;
  other: Send;
  database: pg.Client;
  rounds: number;
  milliseconds: number;
}

async function measure(load: Load, { busy, other, database, rounds, milliseconds }: Bench): Promise<string[]> {
  const alone: Measured[] = [];
  const beside: Measured[] = [];
  const answers = new Map<number, number>();
  for (let round = -1; round < rounds; round += 1) {
    const quiet = await latency(other, milliseconds);
    if (load.locked) {
      await database.query("begin");
      await database.query("select from public.subscriptions where user_id = $1 for update", [BUSY]);
    }
    const running = startLoad(load, busy, round < 0 ? new Map() : answers);
    await sleep(200);
    const loaded = await latency(other, milliseconds);
    running.stop();
    if (load.locked) await database.query("rollback");
    await running.ended;
    // The round before the first is for caches and plans.
    if (round < 0) continue;
    alone.push(quiet);
    beside.push(loaded);
  }
  const p99 = (measured: readonly Measured[]) => median(measured.map((each) => each.p99));
  return [
    load.name,
    p99(alone).toFixed(1),
    p99(beside).toFixed(1),
    `${median(beside.map((each, round) => each.p99 / (alone[round]?.p99 ?? 1))).toFixed(2)} ×`,
    [...answers]
      .sort()
      .map(([status, times]) => `${times} × ${status}`)
      .join(", "),
  ];
}

/** Two callers of the other user, by turns a read and a call of the gate. */
function latency(other: Send, milliseconds: number): Promise<Measured> {
  const call = async (turn: number) => {
    const { status } =
      turn % 2 === 0
        ? await other("GET", "/api/subscription/usage")
        : await other("POST", "/api/usage/consume", { field: "messages_count" });
    if (status !== 200) throw new Error(`The other user got ${status}.`);
    return true;
  };
  return closedLoop({ call }, 2, milliseconds);
}

function startLoad({ callers, call }: Load, busy: Send, answers: Map<number, number>) {
  const stopped = new AbortController();
  const ended = Promise.all(
    Array.from({ length: callers }, async () => {
      while (!stopped.signal.aborted) {
        const { status, retryAfter } = await call(busy);
        answers.set(status, (answers.get(status) ?? 0) + 1);
        await sleep(retryAfter * 1000, undefined, { signal: stopped.signal }).catch(() => {});
      }
    }),
  );
  return { stop: () => stopped.abort(), ended };
}

async function prepare(database: pg.Client): Promise<void> {
  await database.query("select public.get_usage($1)", [OTHER]);
  // Else the busy user's chatbots are refused without a lock.
  await database.query("select public.set_limit_override($1, 'chatbots_count', 9007199254740991, null, 'bench')", [
    BUSY,
  ]);
  for (const user of [BUSY, OTHER])
    await database.query("select public.set_limit_override($1, 'messages_count', 9007199254740991, null, 'bench')", [
      user,
    ]);
  await database.query(
    `insert into public.usage_ledger (user_id, product, field, at, amount)
     select $1, 'chatbots', 'messages_count', now() - interval '1 year' - make_interval(secs => n), 1
     from generate_series(1, ${ROWS}) n`,
    [BUSY],
  );
  await database.query("analyze public.usage_ledger");
}

async function signedIn(userId: string): Promise<Send> {
  const agent = new http.Agent({ keepAlive: true });
  const cookies = await new Promise<string[]>((resolve, reject) => {
    const body = JSON.stringify({ userId });
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const request = http.request({
      agent,
      host: "localhost",
      port: PORT,
      path: "/api/auth/local",
      method: "POST",
      headers,
    });
    request.on("response", (response) => {
      response.resume();
      resolve(response.headers["set-cookie"] ?? []);
    });
    request.on("error", reject);
    request.end(body);
  });
  const cookie = cookies.map((each) => each.split(";")[0]).join("; ");
  return (method, to, body) =>
    new Promise((resolve, reject) => {
      const text = body === undefined ? "" : JSON.stringify(body);
      const headers = {
        cookie,
        origin: `http://localhost:${PORT}`,
        ...(text && { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
      };
      const request = http.request({ agent, host: "localhost", port: PORT, path: to, method, headers }, (response) => {
        response.resume();
        const retryAfter = Number(response.headers["retry-after"] ?? 0);
        response.on("end", () => resolve({ status: response.statusCode ?? 0, retryAfter }));
        response.on("error", reject);
      });
      request.on("error", reject);
      request.end(text);
    });
}
