import { syncGauge, syncRequest } from "@/lib/admin";
import { gateway } from "@/lib/database";
import { answer, json, readJson } from "@/lib/http";
import { requireAdmin } from "@/lib/identity";

export function POST(request: Request) {
  return answer(async () => {
    const { id } = await requireAdmin(request);
    return json(await syncGauge(await readJson(request, syncRequest), id, gateway()));
  });
}
