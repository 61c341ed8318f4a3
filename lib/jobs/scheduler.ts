/** Runs the jobs in this process: for the sandbox, and for a machine without a cron. */

import { log } from "@/lib/core/observability";
import { gateway } from "@/lib/database";
import { runJob } from "./run";
import { JOBS, type JobName } from "./schedule";

/** Short, so that a process that restarts every day runs its daily jobs too. */
const FIRST_RUN_MS = 10_000;

/** Starts each job soon and then at its interval, unless its last run is still in progress. */
export function startScheduler(): void {
  for (const [name, { everySeconds }] of Object.entries(JOBS)) {
    let running = false;
    const runOnce = async () => {
      if (running) return;
      running = true;
      try {
        // Several processes can each have a scheduler; together they run a job as often as one.
        const notWithinSeconds = everySeconds / 2;
        const run = await runJob(name as JobName, "scheduler", gateway(), { notWithinSeconds });
        log.debug({ job: name, ...run }, "[Job] done");
      } catch (error) {
        log.error({ job: name, error: String(error) }, "[Job] failed");
      } finally {
        running = false;
      }
    };
    setTimeout(runOnce, FIRST_RUN_MS).unref();
    setInterval(runOnce, everySeconds * 1000).unref();
  }
}
