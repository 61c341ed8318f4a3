import { gateway } from "@/lib/database";
import { answer, HttpError, json } from "@/lib/http";
import { requireCron } from "@/lib/identity";
import { isJobName, runJob } from "@/lib/jobs";

export function GET(request: Request, { params }: RouteContext<"/api/cron/[job]">) {
  return answer(async () => {
    requireCron(request);
    const { job } = await params;
    if (!isJobName(job)) throw new HttpError(404, "not_found", "There is no such job.");
    return json({ job, ...(await runJob(job, "cron", gateway())) });
  });
}
