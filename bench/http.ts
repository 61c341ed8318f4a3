/** The consume route beside an empty route of the same server: the difference is the gate's cost. */
import http from "node:http";
import type pg from "pg";
import { SANDBOX } from "@/lib/core/env";
import type { Client } from "./client";
import { closedLoop, HEAD, interleave, median, type Rounds, ratio, row } from "./load";
import { EMPTY, post, type Route } from "./routes";
import type { Run } from "./run";
import { ENDLESS_LIMIT, withConnection, withServer } from "./server";
import { printTable } from "./table";
import type { Figure } from "./targets";

const USERS = 200;

const SPREAD: Route = {
  name: "consume, spread",
  path: "/api/usage/consume",
  body: (turn) => JSON.stringify({ userId: `http-${turn % USERS}`, field: "messages_count" }),
  headers: { authorization: `Bearer ${SANDBOX.usageApiKey}` },
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

export async function httpBench(run: Run, rounds: Rounds): Promise<Figure[]> {
  const figures: Figure[] = [];
  await withServer(run, async ({ createDatabase, startApp }) => {
    const url = await createDatabase("bench");
    const app = await startApp(url);
    await withConnection(url, async (database) => {
      await prepare(database);
      for (const connections of [1, 8, 64]) {
        const value = await measure(connections, { app, database, ...rounds });
        if (connections === 1) continue;
        const name = `consume over HTTP, ${connections} connections`;
        figures.push({ name, value, target: { bar: 0.8, aim: 0.9 } });
      }
    });
  });
  return figures;
}

/** Returns the ratio of different users' calls to the empty route. */
async function measure(connections: number, { app, database, ...rounds }: Bench): Promise<number> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  const sizes = new Map<Route, number[]>(ROUTES.map((route) => [route, []]));
  const results = await interleave(ROUTES, rounds, async (route, milliseconds, round) => {
    const before = await statements(database);
    const call = (turn: number) => post(app, agent, route, turn);
    const measured = await closedLoop({ call }, connections, milliseconds);
    const sent = (await statements(database)) - before;
    if (round >= 0 && sent > 0) sizes.get(route)?.push(measured.calls / sent);
    return measured;
  });
  agent.destroy();
  printTable(
    `HTTP: ${connections} connection${connections === 1 ? "" : "s"}`,
    [...HEAD, "calls per statement"],
    ROUTES.map((route) => {
      const size = sizes.get(route) ?? [];
      return [
        ...row(route.name, results.get(route), results.get(EMPTY)),
        size.length === 0 ? "–" : median(size).toFixed(1),
      ];
    }),
  );
  console.log();
  return ratio(results.get(SPREAD), results.get(EMPTY));
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
