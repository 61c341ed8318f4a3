/** Runs a job under a lease, so that concurrent starts run it once, and records the result. */

import { inRequest, log, metrics, requestId, secondsSince } from "@/lib/core/observability";
import type { Gateway } from "@/lib/database";
import { JOBS, type Job, type JobName } from "./schedule";

export type JobRun<T = object> = { ran: true; result: T } | { ran: false; reason: "already_running" };

/**
 * How long a killed run blocks the next one: the job's interval, within these limits. If a run takes longer, another can
 * start, which is safe.
 */
const LEASE_SECONDS = { least: 120, most: 900 };

/**
 * Runs a job.
 * @param by the starter: the host's cron, this process's scheduler, an admin
 * @param notWithinSeconds does nothing if another run started so recently, for several schedulers side by side
 * @throws the job's error, after recording it
 */
export async function runJob(
  name: JobName,
  by: string,
  gateway: Gateway,
  { notWithinSeconds = 0 } = {},
): Promise<JobRun> {
  const { everySeconds, run }: Job = JOBS[name];
  const leaseSeconds = Math.min(Math.max(everySeconds, LEASE_SECONDS.least), LEASE_SECONDS.most);
  return runExclusively({ name, by, notWithinSeconds, leaseSeconds }, gateway, () => run(gateway));
}

interface Work {
  name: string;
  by: string;
  notWithinSeconds?: number;
  leaseSeconds?: number;
}

/** Does the work unless another run of that name is in progress. */
export async function runExclusively<T extends object>(
  { name, by, notWithinSeconds = 0, leaseSeconds = LEASE_SECONDS.most }: Work,
  gateway: Gateway,
  work: () => Promise<T>,
): Promise<JobRun<T>> {
  const run = await gateway.beginJob(name, by, leaseSeconds, notWithinSeconds);
  if (run === null) return { ran: false, reason: "already_running" };
  const start = performance.now();
  try {
    // A run without a request gets its own id, so that its log lines and decisions can be found.
    const result = await inRequest(requestId(), work);
    await gateway.finishJob(name, run, withoutLists(result), null);
    metrics.jobSeconds.observe({ job: name, outcome: "done" }, secondsSince(start));
    return { ran: true, result };
  } catch (error) {
    metrics.jobSeconds.observe({ job: name, outcome: "failed" }, secondsSince(start));
    await gateway.finishJob(name, run, null, String(error)).catch((late) => {
      log.error({ job: name, error: String(late) }, "[Job] Recording the error of a run failed");
    });
    throw error;
  }
}

/** The numbers of a result, since its lists would fill the table. */
function withoutLists(result: object): object {
  return Object.fromEntries(
    Object.entries(result).flatMap(([key, value]): [string, unknown][] => {
      if (Array.isArray(value)) return [];
      return [[key, typeof value === "object" && value !== null ? withoutLists(value) : value]];
    }),
  );
}
