/** One round of a job, by whoever starts it: two at once do the work once, and what came of it is written down. */
import type { Gateway } from "@/lib/database";
import { inRequest, log, metrics, requestId, secondsSince } from "@/lib/observability";
import { JOBS, type Job, type JobName } from "./schedule";

export type Round<T = object> = { ran: true; result: T } | { ran: false; reason: "already_running" };

/**
 * So long a round that was killed keeps others away: its job's interval, within these. One that takes longer may be
 * joined by another, which is safe.
 */
const LEASE_SECONDS = { least: 120, most: 900 };

/**
 * @param by what started it: the host's cron, this process' scheduler, an admin
 * @param notWithinSeconds leaves it to a round that began so recently, where several schedulers run side by side
 * @throws what the job throws, once it is written down
 */
export async function runJob(
  name: JobName,
  by: string,
  gateway: Gateway,
  { notWithinSeconds = 0 } = {},
): Promise<Round> {
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

/** Does the work unless another round of that name is under way. */
export async function runExclusively<T extends object>(
  { name, by, notWithinSeconds = 0, leaseSeconds = LEASE_SECONDS.most }: Work,
  gateway: Gateway,
  work: () => Promise<T>,
): Promise<Round<T>> {
  const run = await gateway.beginJob(name, by, leaseSeconds, notWithinSeconds);
  if (run === null) return { ran: false, reason: "already_running" };
  const start = performance.now();
  try {
    // The round's own id, where no request began it: what it logs and decides can be told from other rounds'.
    const result = await inRequest(requestId(), work);
    await gateway.finishJob(name, run, summary(result), null);
    metrics.jobSeconds.observe({ job: name, outcome: "done" }, secondsSince(start));
    return { ran: true, result };
  } catch (error) {
    metrics.jobSeconds.observe({ job: name, outcome: "failed" }, secondsSince(start));
    await gateway.finishJob(name, run, null, String(error)).catch((late) => {
      log.error({ job: name, error: String(late) }, "[Job] How it ended could not be written down");
    });
    throw error;
  }
}

/** The numbers of a result; its lists would fill the table. */
function summary(result: object): object {
  return Object.fromEntries(
    Object.entries(result).flatMap(([key, value]): [string, unknown][] => {
      if (Array.isArray(value)) return [];
      return [[key, typeof value === "object" && value !== null ? summary(value) : value]];
    }),
  );
}
