import { grantOverride, grantRequest, revokeOverride, revokeRequest } from "@/lib/admin";
import { gateway } from "@/lib/database";
import { answer, json, readJson } from "@/lib/http";
import { requireAdmin } from "@/lib/identity";

export function POST(request: Request) {
  return answer(async () => {
    const { id } = await requireAdmin(request);
    return json(await grantOverride(await readJson(request, grantRequest), id, gateway()));
  });
}

export function DELETE(request: Request) {
  return answer(async () => {
    const { id } = await requireAdmin(request);
    return json(await revokeOverride(await readJson(request, revokeRequest), id, gateway()));
  });
}
