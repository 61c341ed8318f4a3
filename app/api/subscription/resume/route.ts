import { answer, json, readJson } from "@/lib/http";
import { requireUser } from "@/lib/identity";
import { productRequest, purchaseContext, resumeSubscription } from "@/lib/subscriptions";

export function POST(request: Request) {
  return answer(async () => {
    const { id } = await requireUser(request);
    const { product } = await readJson(request, productRequest);
    return json(await resumeSubscription(id, product, purchaseContext(id)));
  });
}
