/**
 * The route beside an empty one of the same server: what HTTP, routing and the framework cost is not the gate's. The
 * empty one is the handler that answers 404 for any unknown path under /api.
 */
import { mkdtempSync, rmSync } from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import pg from "pg";
import { startEmbeddedPostgres } from "@/scripts/database/embedded";
import { startPreview } from "@/tests/support/preview";
import { closedLoop, type Measured, median } from "./load";
import { printTable } from "./table";

const PORT = process.env.BENCH_PORT ?? "3190";
const USERS = 200;

interface Route {
  name: string;
  path: string;
  body: (turn: number) => string;
  status: number;
}

const EMPTY: Route = { name: "empty handler", path: "/api/nothing", body: () => "{}", status: 404 };
const SPREAD: Route = {
  name: "consume, spread",
  path: "/api/usage/consume",
  body: (turn) => JSON.stringify({ userId: `http-${turn % USERS}`, field: "messages_count" }),
  status: 200,
};
const HOT: Route = {
  ...SPREAD,
  name: "consume, one user",
  body: () => '{"userId":"http-hot","field":"messages_count"}',
};
const ROUTES = [EMPTY, SPREAD, HOT];

export async function httpBench({ rounds, milliseconds }: { rounds: number; milliseconds: number }): Promise<void> {
  const directory = mkdtempSync(path.join(os.tmpdir(), "tollgate-bench-http-"));
  const preview = await startPreview({ port: PORT, directory });
  // Found running, since the preview started it.
  const { url } = await startEmbeddedPostgres({ directory: path.join(directory, "postgres") });
  const database = new pg.Client({ connectionString: url });
  await database.connect();
  try {
    await prepare(database);
    for (const connections of [1, 8, 64]) await measure(connections, database, rounds, milliseconds);
  } finally {
    await database.end();
    await preview.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function measure(connections: number, database: pg.Client, rounds: number, milliseconds: number): Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  const results = new Map<Route, Measured[]>(ROUTES.map((route) => [route, []]));
  const sizes = new Map<Route, number[]>(ROUTES.map((route) => [route, []]));
  for (let round = -1; round < rounds; round += 1) {
    for (const route of round % 2 === 0 ? ROUTES : ROUTES.toReversed()) {
      const before = await statements(database);
      const call = (turn: number) => post(agent, route, turn);
      const measured = await closedLoop({ call }, connections, round < 0 ? 500 : milliseconds);
      const sent = (await statements(database)) - before;
      if (round < 0) continue;
      results.get(route)?.push(measured);
      if (sent > 0) sizes.get(route)?.push(measured.calls / sent);
    }
  }
  agent.destroy();
  const baseline = (results.get(EMPTY) ?? []).map(({ rate }) => rate);
  printTable(
    `HTTP: ${connections} connection${connections === 1 ? "" : "s"}`,
    ["", "ops/s", "ratio", "p50 ms", "p99 ms", "calls a statement"],
    ROUTES.map((route) => {
      const measured = results.get(route) ?? [];
      const size = sizes.get(route) ?? [];
      return [
        route.name,
        median(measured.map(({ rate }) => rate)).toFixed(0),
        `${median(measured.map(({ rate }, round) => rate / (baseline[round] ?? 1))).toFixed(2)} ×`,
        median(measured.map(({ p50 }) => p50)).toFixed(1),
        median(measured.map(({ p99 }) => p99)).toFixed(1),
        size.length === 0 ? "–" : median(size).toFixed(1),
      ];
    }),
  );
  console.log();
}

/** Statements of the gate that the server has sent since it started: the size of a batch is calls over statements. */
async function statements(database: pg.Client): Promise<number> {
  const { rows } = await database.query(
    "select coalesce(sum(calls), 0)::int as calls from pg_stat_statements where query like 'select public.consume_batch(%'",
  );
  return rows[0].calls;
}

async function prepare(database: pg.Client): Promise<void> {
  await database.query("create extension if not exists pg_stat_statements");
  await database.query(`
    select public.get_usage(u), public.set_limit_override(u, 'messages_count', 9007199254740991, null, 'bench')
    from (select 'http-' || n as u from generate_series(0, ${USERS - 1}) n union all select 'http-hot') users`);
}

function post(agent: http.Agent, route: Route, turn: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const body = route.body(turn);
    const headers = {
      authorization: "Bearer sandbox-usage-key",
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
    };
    const request = http.request(
      { agent, host: "localhost", port: PORT, path: route.path, method: "POST", headers },
      (response) => {
        response.resume();
        response.on("end", () => {
          if (response.statusCode === route.status) resolve(true);
          else reject(new Error(`${route.path} answered ${response.statusCode}`));
        });
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}
