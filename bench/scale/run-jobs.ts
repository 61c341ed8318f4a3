/** The process of jobs.ts: runs each job on the empty database, which loads the code, and then on the seeded one. */
import "@/scripts/provide-catalog";
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { provideGateway } from "@/lib/database";
import { createGateway, type Gateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import type { Transport } from "@/lib/database/transports/transport";
import { runJob } from "@/lib/jobs";
import { JOBS, type JobName } from "@/lib/jobs/schedule";
import { provideFakeClients } from "@/lib/processors/registry";
import { fakeClients } from "@/lib/sandbox";
import { withConnection } from "../server";
import type { JobResult } from "./jobs";

const MEGABYTE = 1024 ** 2;
/** Until the statements of a job that gave up have ended. */
const SETTLE_MS = 120_000;

process.on("disconnect", () => process.exit(1));
const [empty = "", seeded = ""] = process.argv.slice(2);

provideFakeClients(async () => fakeClients);
for (const url of [empty, seeded]) {
  const failures: { name: string; seconds: number }[] = [];
  const gateway = createGateway(withFailures(postgresTransport(url), failures));
  provideGateway(() => gateway);
  await withConnection(url, async (database) => {
    await database.query("create extension if not exists pg_stat_statements");
    const memory = watchMemory();
    for (const job of Object.keys(JOBS) as JobName[]) {
      failures.length = 0;
      const result = await measure(job, gateway, database, failures);
      if (url === seeded) process.send?.({ ...result, memory: memory.growth() } satisfies JobResult);
    }
    memory.end();
  });
  await gateway.end();
}
process.exit(0);

async function measure(
  job: JobName,
  gateway: Gateway,
  database: pg.Client,
  failures: readonly { name: string; seconds: number }[],
) {
  await database.query("select pg_stat_statements_reset()");
  const start = performance.now();
  let error: string | null = null;
  let drifting: number | null = null;
  try {
    const done = await runJob(job, "scale", gateway);
    if (!done.ran) error = done.reason;
    else drifting = driftingOf(done.result);
  } catch (thrown) {
    error = String(thrown).slice(0, 60);
  }
  const seconds = (performance.now() - start) / 1000;
  await settled(database);
  const { rows } = await database.query<{ query: string; seconds: number; calls: string }>(
    `select query, max_exec_time / 1000 as seconds, sum(calls) over () as calls
     from pg_stat_statements
     where dbid = (select oid from pg_database where datname = current_database())
       and query not like '%pg_stat_%'
     order by max_exec_time desc limit 1`,
  );
  // A statement that failed is not in the statistics.
  const candidates = [
    ...rows.map((row) => ({
      name: /tollgate\.(\w+)/.exec(row.query)?.[1] ?? row.query.slice(0, 40),
      seconds: row.seconds,
    })),
    ...failures,
  ].sort((one, other) => other.seconds - one.seconds);
  return {
    job,
    seconds,
    longestSeconds: candidates[0]?.seconds ?? 0,
    longest: candidates[0]?.name ?? "",
    statements: Number(rows[0]?.calls ?? 0),
    error,
    drifting,
  };
}

function driftingOf(result: object): number | null {
  const { usage } = result as { usage?: { drifting: number } | null };
  return usage?.drifting ?? null;
}

/** Waits until no statement of this database runs: those of a job that gave up still do. */
async function settled(database: pg.Client): Promise<void> {
  const deadline = Date.now() + SETTLE_MS;
  while (Date.now() < deadline) {
    const { rowCount } = await database.query(
      `select from pg_stat_activity
       where datname = current_database() and state = 'active' and backend_type = 'client backend' and pid <> pg_backend_pid()`,
    );
    if (rowCount === 0) return;
    await sleep(200);
  }
}

/** Records the calls that fail, with their times. */
function withFailures(transport: Transport, failures: { name: string; seconds: number }[]): Transport {
  return {
    ...transport,
    async call(name, args) {
      const start = performance.now();
      try {
        return await transport.call(name, args);
      } catch (error) {
        failures.push({ name, seconds: (performance.now() - start) / 1000 });
        throw error;
      }
    },
  };
}

/** The growth of this process's resident memory at its highest. */
function watchMemory(): { growth: () => number; end: () => void } {
  globalThis.gc?.();
  const start = process.memoryUsage.rss();
  let highest = start;
  const look = () => {
    highest = Math.max(highest, process.memoryUsage.rss());
  };
  const timer = setInterval(look, 20);
  return {
    growth() {
      look();
      return (highest - start) / MEGABYTE;
    },
    end: () => clearInterval(timer),
  };
}
