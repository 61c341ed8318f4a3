/** Runs the jobs in this process: for the sandbox, and for one machine without a cron of its own. */
import { gateway } from "@/lib/database";
import { log } from "@/lib/observability";
import { runJob } from "./run";
import { JOBS, type JobName } from "./schedule";

/** A process that is restarted every day must come to its daily jobs too. */
const FIRST_ROUND_MS = 10_000;

/** Starts every job soon and then at its interval; a round that is still running is not joined by another. */
export function startScheduler(): void {
  for (const [name, { everySeconds }] of Object.entries(JOBS)) {
    let running = false;
    const round = async () => {
      if (running) return;
      running = true;
      try {
        // Several processes may each have a scheduler; together they keep the interval of one.
        const notWithinSeconds = everySeconds / 2;
        const round = await runJob(name as JobName, "scheduler", gateway(), { notWithinSeconds });
        log.debug({ job: name, ...round }, "[Job] done");
      } catch (error) {
        log.error({ job: name, error: String(error) }, "[Job] failed");
      } finally {
        running = false;
      }
    };
    setTimeout(round, FIRST_ROUND_MS).unref();
    setInterval(round, everySeconds * 1000).unref();
  }
}
