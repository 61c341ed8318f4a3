import { answer, json, readJson } from "@/lib/http";
import { requireUser } from "@/lib/identity";
import { portalOf, portalRequest, purchaseContext } from "@/lib/subscriptions";

export function POST(request: Request) {
  return answer(async () => {
    const { id } = await requireUser(request);
    const { product } = await readJson(request, portalRequest);
    return json(await portalOf(id, product, purchaseContext(id)));
  });
}
