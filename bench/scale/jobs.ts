/** The jobs on a large database: their longest statements, and the memory of the process that runs them. */
import { fork } from "node:child_process";
import path from "node:path";
import type pg from "pg";
import { JOBS } from "@/lib/jobs/schedule";
import { unset } from "@/tests/support/preview";
import type { Run } from "../run";
import { withConnection } from "../server";
import { printTable } from "../table";
import type { Figure } from "../targets";

/** Of all jobs together. */
const MINUTES = 20;
const SIX_HOURS_SECONDS = 6 * 60 * 60;

/** The result of one job, as run-jobs.ts sends it. */
export interface JobResult {
  job: string;
  seconds: number;
  longestSeconds: number;
  longest: string;
  statements: number;
  error: string | null;
  /** Megabytes above the beginning. */
  memory: number;
  /** Counters that differ from the ledger. */
  drifting: number | null;
}

/** Begins every job and does not finish it, so that no scheduler runs one meanwhile. */
export async function holdJobs(database: pg.Client): Promise<void> {
  for (const job of Object.keys(JOBS))
    await database.query("select tollgate.begin_job($1, 'scale', $2)", [job, SIX_HOURS_SECONDS]);
}

async function releaseJobs(database: pg.Client): Promise<void> {
  await database.query("delete from tollgate.job_runs where started_by = 'scale'");
}

export async function measureJobs(run: Run, urls: { seeded: string; empty: string }): Promise<Figure[]> {
  for (const url of [urls.seeded, urls.empty]) await withConnection(url, releaseJobs);
  const results = await runAll(run, urls);
  printTable(
    "jobs on the seeded database",
    ["", "seconds", "statements", "longest s", "memory MB", "longest statement"],
    results.map(({ job, seconds, statements, longestSeconds, memory, longest, error }) => [
      job,
      seconds.toFixed(1),
      String(statements),
      longestSeconds.toFixed(2),
      memory.toFixed(0),
      error === null ? longest : `${longest}: ${error}`,
    ]),
  );
  const drifting = results.reduce((sum, result) => sum + (result.drifting ?? 0), 0);
  if (drifting > 0) console.log(`  ${drifting} counters differ from the ledger: the seed is wrong.`);
  const longest = Math.max(...results.map(({ longestSeconds }) => longestSeconds));
  const memory = Math.max(...results.map((result) => result.memory));
  const complete = results.length === Object.keys(JOBS).length && results.every(({ error }) => error === null);
  return [
    { name: "longest statement of a job", value: longest, target: { bar: 1, most: true, unit: "s" } },
    {
      name: "memory of the jobs, above the start",
      value: complete ? memory : null,
      target: { bar: 50, most: true, unit: "MB" },
    },
  ];
}

/** In a process of its own, so that its memory is that of the jobs. */
async function runAll(run: Run, urls: { seeded: string; empty: string }): Promise<JobResult[]> {
  const child = fork(path.join(import.meta.dirname, "run-jobs.ts"), [urls.empty, urls.seeded], {
    execArgv: ["--import", "tsx", "--expose-gc"],
    env: { ...process.env, ...unset(), DATABASE_URL: urls.seeded, TOLLGATE_SANDBOX: "1", LOG_LEVEL: "fatal" },
  });
  const end = run.onEnd(() => void child.kill("SIGKILL"));
  const timer = setTimeout(() => child.kill("SIGKILL"), MINUTES * 60_000);
  const results: JobResult[] = [];
  child.on("message", (result) => results.push(result as JobResult));
  await run.step(new Promise((resolve) => child.on("exit", resolve)));
  clearTimeout(timer);
  await end();
  if (results.length === 0) throw new Error("No job was run.");
  return results;
}
