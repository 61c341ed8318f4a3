import { expect, test } from "vitest";
import { createGateway } from "@/lib/database/gateway";
import { testDatabase } from "@/tests/support/database";
import type { JobRun } from "./run";
import { runDueJobs } from "./run-due";
import { JOBS, type JobName } from "./schedule";

const database = testDatabase();
const gateway = createGateway(database.transport());

/** Records a run of each job without its work, as runJob does. */
async function recordOnly(job: JobName, by: string, _: unknown, { notWithinSeconds = 0 } = {}): Promise<JobRun> {
  const run = await gateway.beginJob(job, by, 120, Math.floor(notWithinSeconds));
  if (run === null) return { ran: false, reason: "already_running" };
  await gateway.finishJob(job, run, {}, null);
  return { ran: true, result: {} };
}

const ran = async (run = recordOnly as Parameters<typeof runDueJobs>[2]) =>
  (await runDueJobs("cron", gateway, run)).filter((each) => each.ran).map(({ job }) => job);

test("each job runs when it is due, and not again before", async () => {
  expect(await ran()).toEqual(Object.keys(JOBS));
  expect(await ran()).toEqual([]);
  await database.pool().query("update job_runs set started_at = started_at - interval '61 seconds'");
  expect(await ran()).toEqual(["retry", "expire", "reconcile"]);
  await database.pool().query("update job_runs set started_at = started_at - interval '1 day'");
  expect(await ran()).toEqual(Object.keys(JOBS));
});

test("a job that fails is named, and the others run", async () => {
  await database.pool().query("delete from job_runs");
  const runs = await runDueJobs("cron", gateway, async (job, ...rest) => {
    if (job === "retry") throw new Error("the database is down");
    return recordOnly(job, ...rest);
  });
  expect(runs.filter((each) => !each.ran)).toEqual([{ job: "retry", ran: false, reason: "failed" }]);
  expect(runs).toHaveLength(Object.keys(JOBS).length);
});
