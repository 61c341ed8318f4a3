/** Job runs, one at a time per job, and the positions of their walks. */
import { z } from "zod";
import type { Call } from "./call";
import { count, timestamp } from "./columns";

/** A walk of a job, as stored. Its position and totals have the job's own form. */
const walkState = z.object({
  /** False: the last walk is over, and the next one is not due yet. */
  due: z.boolean(),
  walk: count,
  pages: count,
  position: z.unknown(),
  totals: z.unknown(),
  last_totals: z.unknown(),
  begun_at: timestamp,
});
export function jobQueries(call: Call) {
  return {
    /**
     * Starts a run of a job; null if another run is active, or started within `notWithinSeconds`. An unfinished run
     * counts as killed after `leaseSeconds`.
     */
    beginJob: (job: string, by: string, leaseSeconds: number, notWithinSeconds: number) =>
      call(count.nullable(), "begin_job", {
        p_job: job,
        p_by: by,
        p_lease_seconds: leaseSeconds,
        p_not_within_seconds: notWithinSeconds,
      }),

    /** Stores the result or the error of a run; null if the run does not exist. */
    finishJob: (job: string, runId: number, result: object | null, error: string | null) =>
      call(z.object({ finished: z.literal(true) }).nullable(), "finish_job", {
        p_job: job,
        p_run_id: runId,
        p_result: result,
        p_error: error,
      }),

    /** The walk that is under way, or a new one, which begins `everySeconds` after the start of the last one. */
    beginWalk: (job: string, part: string, everySeconds: number) =>
      call(walkState, "begin_walk", { p_job: job, p_part: part, p_every_seconds: everySeconds }, { keys: "as stored" }),

    /** Stores the position after a page; null ends the walk. False if another run has advanced the walk. */
    storePosition: (
      { job, part, walk, pages }: { job: string; part: string; walk: number; pages: number },
      position: object | null,
      totals: object,
    ) =>
      call(z.boolean(), "store_position", {
        p_job: job,
        p_part: part,
        p_walk: walk,
        p_pages: pages,
        p_position: position,
        p_totals: totals,
      }),
  };
}
