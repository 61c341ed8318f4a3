import { answer, json, readJson, requireSandbox } from "@/lib/http";
import { requireUser } from "@/lib/identity";

export function POST(request: Request) {
  return answer(async () => {
    requireSandbox();
    const user = await requireUser(request);
    const { ownClockRequest, sandbox } = await import("@/lib/sandbox");
    const { now, events } = await sandbox().moveClock(user.id, await readJson(request, ownClockRequest));
    return json({ now: new Date(now).toISOString(), events });
  });
}
