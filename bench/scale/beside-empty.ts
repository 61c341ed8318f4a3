/** The rates of the gate and of webhooks on the seeded database beside an empty one of the same server. */
import http from "node:http";
import type { Client } from "../client";
import { batched, ENDLESS } from "../contenders";
import { closedLoop, HEAD, interleave, type Measured, type Rounds, ratio, row } from "../load";
import { printTable } from "../table";
import type { Figure } from "../targets";
import { CONNECTIONS, renewalRound } from "../webhooks";
import { userId } from "./seed";

const TARGET = { bar: 0.8, aim: 0.95 };
const KEYS = 4_000;

interface Databases<T> {
  seeded: T;
  empty: T;
}

export async function gateRates(urls: Databases<string>, users: number, rounds: Rounds): Promise<Figure> {
  // Spread over all users, so that the seeded database reads rows from everywhere.
  const step = Math.max(1, Math.floor(users / KEYS));
  const keys = Array.from({ length: Math.min(users, KEYS) }, (_, index) => userId(1 + index * step));
  const gates = { empty: await batched(urls.empty), seeded: await batched(urls.seeded) };
  try {
    for (const gate of Object.values(gates)) await gate.prepare(keys, ENDLESS);
    const results = await interleave(["empty", "seeded"] as const, rounds, (name, milliseconds) => {
      const call = (turn: number) => gates[name].count(keys[(turn * 7919) % keys.length] as string);
      return closedLoop({ call }, CONNECTIONS, milliseconds);
    });
    return figureOf("gate", results);
  } finally {
    for (const gate of Object.values(gates)) await gate.end();
  }
}

export async function webhookRates(apps: Databases<Client>, users: number, rounds: Rounds): Promise<Figure> {
  const agents = {
    empty: new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS }),
    seeded: new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS }),
  };
  // Users from everywhere, each once; on the empty database they are new.
  let used = 0;
  const next = () => {
    used += 1;
    return userId(1 + ((used * 7_919) % users));
  };
  const results = await interleave(["empty", "seeded"] as const, rounds, (name, milliseconds) =>
    renewalRound({ app: apps[name], agent: agents[name], milliseconds, userId: next }),
  );
  for (const agent of Object.values(agents)) agent.destroy();
  return figureOf("renewal webhooks", results);
}

function figureOf(name: string, results: ReadonlyMap<string, readonly Measured[]>): Figure {
  printTable(
    `${name}, ${CONNECTIONS} callers, by database`,
    HEAD,
    ["empty", "seeded"].map((database) => row(database, results.get(database), results.get("empty"))),
  );
  console.log();
  return {
    name: `${name}, seeded database beside an empty one`,
    value: ratio(results.get("seeded"), results.get("empty")),
    target: TARGET,
  };
}
