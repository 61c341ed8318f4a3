/** Runs scheduled jobs for the host's cron. */
import type { Params } from "@/lib/api";
import { DomainError } from "@/lib/core/domain-error";
import { gateway } from "@/lib/database";
import { answer, json } from "@/lib/http";
import { requireCron } from "@/lib/identity";
import { isJobName, runDueJobs, runJob } from "@/lib/jobs";

export function run(request: Request, params: Params<"job">) {
  return answer(async () => {
    requireCron(request);
    const { job } = params;
    if (!isJobName(job)) throw new DomainError("not_found", "not_found", "There is no such job.");
    return json({ job, ...(await runJob(job, "cron", gateway())) });
  });
}

/** Every due job, for hosts that call one address. 500 if a job failed, so that the host shows it. */
export function runDue(request: Request) {
  return answer(async () => {
    requireCron(request);
    const jobs = await runDueJobs("cron", gateway());
    return json({ jobs }, jobs.some((each) => !each.ran && each.reason === "failed") ? 500 : 200);
  });
}
