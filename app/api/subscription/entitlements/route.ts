import { entitlementsOf } from "@/lib/entitlements";
import { answer, json } from "@/lib/http";
import { requireUser } from "@/lib/identity";

export function GET(request: Request) {
  return answer(async () => {
    const { id } = await requireUser(request);
    return json(await entitlementsOf(id));
  }, request);
}
