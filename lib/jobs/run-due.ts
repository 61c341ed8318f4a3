/** Runs every job that is due, for a host that calls one address. */
import { log } from "@/lib/core/observability";
import type { Gateway } from "@/lib/database";
import { type JobRun, runJob } from "./run";
import { JOBS, type JobName } from "./schedule";

export type DueRun = { job: JobName } & (JobRun | { ran: false; reason: "failed" });

/** A host calls a little early or late: a job is due after this part of its interval. */
const DUE_AFTER = 0.9;

/**
 * Runs the due jobs at once, like a scheduler; a job that fails does not stop the others. Together with other starters a job
 * runs as often as with one.
 * @param by the starter
 */
export async function runDueJobs(by: string, gateway: Gateway, run = runJob): Promise<DueRun[]> {
  const names = Object.keys(JOBS) as JobName[];
  return Promise.all(
    names.map(async (job): Promise<DueRun> => {
      try {
        return { job, ...(await run(job, by, gateway, { notWithinSeconds: JOBS[job].everySeconds * DUE_AFTER })) };
      } catch (error) {
        log.error({ job, error: String(error) }, "[Job] failed");
        return { job, ran: false, reason: "failed" };
      }
    }),
  );
}
