import { answer, json, readJson, requireSandbox } from "@/lib/http";
import { requireAdmin } from "@/lib/identity";

export function POST(request: Request) {
  return answer(async () => {
    requireSandbox();
    await requireAdmin(request);
    const { clockRequest, sandbox } = await import("@/lib/sandbox");
    const { userId, move } = await readJson(request, clockRequest);
    const { now, events } = await sandbox().moveClock(userId, move);
    return json({ now: new Date(now).toISOString(), events });
  });
}
