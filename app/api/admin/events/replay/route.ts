import { replayMany, replayRequest } from "@/lib/admin";
import { gateway } from "@/lib/database";
import { answer, json, readJson } from "@/lib/http";
import { requireAdmin } from "@/lib/identity";

export function POST(request: Request) {
  return answer(async () => {
    const { id } = await requireAdmin(request);
    const { events } = await readJson(request, replayRequest);
    return json({ events: await replayMany(events, id, gateway()) });
  });
}
