import { answer, json, readJson } from "@/lib/http";
import { requireUser } from "@/lib/identity";
import { cancelSubscription, productRequest, purchaseContext } from "@/lib/subscriptions";

export function POST(request: Request) {
  return answer(async () => {
    const { id } = await requireUser(request);
    const { product } = await readJson(request, productRequest);
    return json(await cancelSubscription(id, product, purchaseContext(id)));
  });
}
