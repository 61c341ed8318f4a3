/**
 * The consume route beside an empty route of the same server: the difference is the gate's cost. The empty route is the
 * handler that answers 404 for an unknown path under /api.
 */
import http from "node:http";
import type pg from "pg";
import type { Client } from "./client";
import { closedLoop, failedCalls, type Measured, median, type Rounds } from "./load";
import type { Run } from "./run";
import { ENDLESS_LIMIT, withConnection, withServer } from "./server";
import { printTable } from "./table";

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

interface Bench extends Rounds {
  app: Client;
  database: pg.Client;
}

export async function httpBench(run: Run, rounds: Rounds): Promise<void> {
  await withServer(run, async ({ createDatabase, startApp }) => {
    const url = await createDatabase("bench");
    const app = await startApp(url);
    await withConnection(url, async (database) => {
      await prepare(database);
      for (const connections of [1, 8, 64]) await measure(connections, { app, database, ...rounds });
    });
  });
}

async function measure(connections: number, { app, database, rounds, milliseconds }: Bench): Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  const results = new Map<Route, Measured[]>(ROUTES.map((route) => [route, []]));
  const sizes = new Map<Route, number[]>(ROUTES.map((route) => [route, []]));
  for (let round = -1; round < rounds; round += 1) {
    for (const route of round % 2 === 0 ? ROUTES : ROUTES.toReversed()) {
      const before = await statements(database);
      const call = (turn: number) => post(app, agent, route, turn);
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
    ["", "ops/s", "ratio", "p50 ms", "p99 ms", "failed", "calls per statement"],
    ROUTES.map((route) => {
      const measured = results.get(route) ?? [];
      const size = sizes.get(route) ?? [];
      return [
        route.name,
        median(measured.map(({ rate }) => rate)).toFixed(0),
        `${median(measured.map(({ rate }, round) => rate / (baseline[round] ?? 1))).toFixed(2)} ×`,
        median(measured.map(({ p50 }) => p50)).toFixed(1),
        median(measured.map(({ p99 }) => p99)).toFixed(1),
        String(failedCalls(measured)),
        size.length === 0 ? "–" : median(size).toFixed(1),
      ];
    }),
  );
  console.log();
}

/** Gate statements since the server's start. Calls divided by statements is the size of a batch. */
async function statements(database: pg.Client): Promise<number> {
  const { rows } = await database.query(
    "select coalesce(sum(calls), 0)::int as calls from pg_stat_statements where query like 'select tollgate.consume_batch(%'",
  );
  return rows[0].calls;
}

async function prepare(database: pg.Client): Promise<void> {
  await database.query("create extension if not exists pg_stat_statements");
  await database.query(`
    select tollgate.get_usage(u), tollgate.set_limit_override(u, 'messages_count', ${ENDLESS_LIMIT}, null, 'bench')
    from (select 'http-' || n as u from generate_series(0, ${USERS - 1}) n union all select 'http-hot') users`);
}

async function post({ send }: Client, agent: http.Agent, route: Route, turn: number): Promise<void> {
  const headers = { authorization: "Bearer sandbox-usage-key" };
  const { status } = await send(agent, { method: "POST", path: route.path, body: route.body(turn), headers });
  if (status !== route.status) throw new Error(`${route.path} answered ${status}`);
}
