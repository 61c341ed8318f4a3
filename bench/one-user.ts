/**
 * How much one user's load slows another user: the other user's latency alone and beside each load, alternating, on the
 * production build. The loading user waits as long as each refusal says.
 */
import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { type Client, signIn } from "./client";
import { closedLoop, failedCalls, type Measured, median, type Rounds } from "./load";
import type { Run } from "./run";
import { ENDLESS_LIMIT, withConnection, withServer } from "./server";
import { printTable } from "./table";

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
  /** Another connection locks the busy user's rows during the load. */
  locked?: boolean;
}

const LOADS: readonly Load[] = [
  {
    name: "40 calls on the user's own locked row",
    callers: 40,
    call: (send) => send("POST", "/api/chatbots", { name: "Bot" }),
    locked: true,
  },
  {
    name: "40 gate calls on the user's own locked row",
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
    name: "20 previews at once, repeated",
    callers: 20,
    call: (send) =>
      send("POST", "/api/subscription/preview", { product: "writer", plan: "ultra", interval: "monthly" }),
  },
  { name: "20 portals at once, repeated", callers: 20, call: (send) => send("POST", "/api/portal", {}) },
  { name: "20 lists of invoices at once, repeated", callers: 20, call: (send) => send("GET", "/api/invoices") },
];

export async function oneUserBench(run: Run, { rounds, milliseconds }: Rounds): Promise<void> {
  await withServer(run, async ({ createDatabase, startApp }) => {
    const url = await createDatabase("bench");
    const app = await startApp(url);
    await withConnection(url, async (database) => {
      const [busy, other] = [await signedIn(app, BUSY), await signedIn(app, OTHER)];
      await prepare(database);
      const rows: string[][] = [];
      for (const load of LOADS) rows.push(await measure(load, { busy, other, database, rounds, milliseconds }));
      printTable(
        `Another user's p99, alone and beside one user's load: ${rounds} rounds of ${milliseconds} ms each`,
        ["", "alone ms", "beside ms", "ratio", "failed calls", "answers to the load"],
        rows,
      );
      console.log();
    });
  });
}

interface Bench extends Rounds {
  busy: Send;
  other: Send;
  database: pg.Client;
}

async function measure(load: Load, { busy, other, database, rounds, milliseconds }: Bench): Promise<string[]> {
  const alone: Measured[] = [];
  const beside: Measured[] = [];
  const answers = new Map<number, number>();
  for (let round = -1; round < rounds; round += 1) {
    const quiet = await latency(other, milliseconds);
    if (load.locked) {
      await database.query("begin");
      await database.query("select from tollgate.subscriptions where user_id = $1 for update", [BUSY]);
    }
    const running = startLoad(load, busy, round < 0 ? new Map() : answers);
    await sleep(200);
    const loaded = await latency(other, milliseconds);
    running.stop();
    if (load.locked) await database.query("rollback");
    await running.ended;
    // The round before the first fills caches and plans.
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
    String(failedCalls([...alone, ...beside])),
    [...answers]
      .sort()
      .map(([status, times]) => `${times} × ${status}`)
      .join(", "),
  ];
}

/** Two callers of the other user alternate between a read and a gate call. */
function latency(other: Send, milliseconds: number): Promise<Measured> {
  const call = async (turn: number) => {
    const { status } =
      turn % 2 === 0
        ? await other("GET", "/api/subscription/usage")
        : await other("POST", "/api/usage/consume", { field: "messages_count" });
    if (status !== 200) throw new Error(`The other user got ${status}.`);
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
  await database.query("select tollgate.get_usage($1)", [OTHER]);
  const endless = "select tollgate.set_limit_override($1, $2, $3, null, 'bench')";
  // Without it the limit refuses the busy user's chatbots before the locked row is reached.
  await database.query(endless, [BUSY, "chatbots_count", ENDLESS_LIMIT]);
  for (const user of [BUSY, OTHER]) await database.query(endless, [user, "messages_count", ENDLESS_LIMIT]);
  await database.query(
    `insert into tollgate.usage_ledger (user_id, product, field, at, amount)
     select $1, 'chatbots', 'messages_count', now() - interval '1 year' - make_interval(secs => n), 1
     from generate_series(1, ${ROWS}) n`,
    [BUSY],
  );
  await database.query("analyze tollgate.usage_ledger");
}

async function signedIn(app: Client, userId: string): Promise<Send> {
  const agent = new http.Agent({ keepAlive: true });
  const cookie = await signIn(app, agent, userId);
  return async (method, path, body) => {
    const json = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await app.send(agent, { method, path, headers: { cookie }, ...json });
    return { status: answer.status, retryAfter: Number(answer.headers["retry-after"] ?? 0) };
  };
}
