/** Runs scheduled jobs for the host's cron. */
import type { Params } from "@/lib/api";
import { DomainError } from "@/lib/core/domain-error";
import { gateway } from "@/lib/database";
import { answer, json } from "@/lib/http";
import { requireCron } from "@/lib/identity";
import { isJobName, runJob } from "@/lib/jobs";

export function run(request: Request, params: Params<"job">) {
  return answer(async () => {
    requireCron(request);
    const { job } = params;
    if (!isJobName(job)) throw new DomainError("not_found", "not_found", "There is no such job.");
    return json({ job, ...(await runJob(job, "cron", gateway())) });
  });
}
