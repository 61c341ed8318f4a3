import { answer, json, readJson } from "@/lib/http";
import { requireUser } from "@/lib/identity";
import { planChangeRequest, previewChange, purchaseContext } from "@/lib/subscriptions";

export function POST(request: Request) {
  return answer(async () => {
    const { id } = await requireUser(request);
    return json(await previewChange(id, await readJson(request, planChangeRequest), purchaseContext(id)));
  });
}
