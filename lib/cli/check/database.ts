/** Checks of the database: it answers, it is migrated, its clock is right, and its jobs run. */
import { DatabaseError } from "@/lib/database";
import { pendingMigrations } from "@/lib/database/pending-migrations";
import { JOBS, type JobName } from "@/lib/jobs";
import type { Context } from "../context";
import { error, type Finding, ok, warning } from "./finding";

const HOURS = 48;
/** Signatures of webhooks are valid for five minutes. */
const SIGNATURE_MS = 5 * 60_000;
const NOTICEABLE_MS = 10_000;
/** A job that is this many of its intervals late does not run. */
const LATE_INTERVALS = 3;
const HOUR_MS = 3_600_000;
const MIGRATE = "npm run db:migrate";
/** Postgres' code for a function that does not exist, and PostgREST's. */
const NO_FUNCTION = ["42883", "PGRST202", "3F000"];

export async function checkDatabase(context: Context): Promise<Finding[]> {
  try {
    await context.gateway.listProcessorPrices();
  } catch (cause) {
    if (!(cause instanceof DatabaseError)) throw cause;
    if (NO_FUNCTION.includes(cause.code))
      return [error("database", "The database answers, but it is not migrated.", MIGRATE)];
    return [error("database", `The database does not answer: ${cause.message}`, "Check DATABASE_URL, and the server.")];
  }
  const health = await context.gateway.serviceHealth(HOURS);
  const now = Date.parse(health.now);
  return [await checkMigrations(context), clockFinding("the database", now), ...jobFindings(context, health.jobs, now)];
}

async function checkMigrations({ env }: Context): Promise<Finding> {
  const pending = env.database.url === undefined ? null : await pendingMigrations(env.database.url);
  if (pending === null) return ok("database", "The database answers and has the functions of this version.");
  if (pending.length > 0) return error("database", `The database lacks ${pending.join(", ")}.`, MIGRATE);
  return ok("database", "The database answers and is migrated.");
}

/** @param at the other clock's time, in milliseconds */
export function clockFinding(whose: string, at: number, now = Date.now()): Finding {
  const seconds = Math.round((now - at) / 1000);
  if (Math.abs(now - at) < NOTICEABLE_MS) return ok("clock", `This machine and ${whose} agree about the time.`);
  const text = `This machine's clock differs from that of ${whose} by ${seconds} s.`;
  const fix = "Synchronize the clock of this machine (NTP).";
  return Math.abs(now - at) < SIGNATURE_MS
    ? warning("clock", text, fix)
    : error("clock", `${text} Signatures of webhooks are refused.`, fix);
}

interface JobRun {
  job: string;
  startedAt: string;
  finishedAt: string | null;
  error: string | null;
}

export function jobFindings({ env }: Pick<Context, "env">, runs: readonly JobRun[], now: number): Finding[] {
  const findings: Finding[] = [];
  if (env.cronSecret === undefined && !env.sandbox)
    findings.push(error("jobs", "CRON_SECRET is not set: nobody can start the jobs.", "openssl rand -hex 32"));
  const names = Object.keys(JOBS) as JobName[];
  const late = names.filter((name) => isLate(name, runs, now));
  const failed = runs.filter((run) => run.error !== null);
  for (const { job, error: why } of failed)
    findings.push(error("jobs", `The last run of the job ${job} failed: ${why}`, "The log has the error."));
  if (late.length > 0)
    findings.push(
      warning(
        "jobs",
        `These jobs have not run in time: ${late.join(", ")}.`,
        "Let a cron call /api/cron/… (docs/operate.md).",
      ),
    );
  return findings.length > 0 ? findings : [ok("jobs", "All jobs have run in time.")];
}

function isLate(name: JobName, runs: readonly JobRun[], now: number): boolean {
  const last = runs.find(({ job }) => job === name);
  if (last === undefined) return true;
  const allowed = Math.max(JOBS[name].everySeconds * 1000 * LATE_INTERVALS, HOUR_MS);
  return now - Date.parse(last.startedAt) > allowed;
}
