/** Job runs: one at a time per job. */
import { z } from "zod";
import type { Call } from "./call";
import { count } from "./columns";

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
  };
}
