/** Runs the jobs in this process: for the sandbox, and for one machine without a cron of its own. */
import { gateway } from "@/lib/database";
import { log } from "@/lib/observability";
import { JOBS } from "./schedule";

/** Starts every job at its interval; a round that is still running is not joined by another. */
export function startScheduler(): void {
  for (const [name, { everySeconds, run }] of Object.entries(JOBS)) {
    let running = false;
    const round = async () => {
      if (running) return;
      running = true;
      try {
        const result = await run(gateway());
        log.debug({ job: name, ...result }, "[Job] done");
      } catch (error) {
        log.error({ job: name, error: String(error) }, "[Job] failed");
      } finally {
        running = false;
      }
    };
    setInterval(round, everySeconds * 1000).unref();
  }
}
