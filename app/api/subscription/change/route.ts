import { answer, json, readJson } from "@/lib/http";
import { requireUser } from "@/lib/identity";
import { changePlan, planChangeRequest, purchaseContext } from "@/lib/subscriptions";

export function POST(request: Request) {
  return answer(async () => {
    const { id } = await requireUser(request);
    return json(await changePlan(id, await readJson(request, planChangeRequest), purchaseContext(id)));
  });
}
