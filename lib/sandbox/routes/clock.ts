/** Moves sandbox clocks. */
import { answer, json, readJson, requireSandbox } from "@/lib/http";
import { requireAdmin, requireUser } from "@/lib/identity";

export function moveClockOfUser(request: Request) {
  return answer(async () => {
    requireSandbox();
    await requireAdmin(request);
    const { clockRequest, sandbox } = await import("@/lib/sandbox");
    const { userId, move } = await readJson(request, clockRequest);
    const { now, events } = await sandbox().moveClock(userId, move);
    return json({ now: new Date(now).toISOString(), events });
  });
}

export function moveOwnClock(request: Request) {
  return answer(async () => {
    requireSandbox();
    const user = await requireUser(request);
    const { ownClockRequest, sandbox } = await import("@/lib/sandbox");
    const { now, events } = await sandbox().moveClock(user.id, await readJson(request, ownClockRequest));
    return json({ now: new Date(now).toISOString(), events });
  });
}
