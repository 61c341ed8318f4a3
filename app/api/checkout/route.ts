import { answer, json, readJson } from "@/lib/http";
import { requireUser } from "@/lib/identity";
import { checkout, checkoutRequest, purchaseContext } from "@/lib/subscriptions";

export function POST(request: Request) {
  return answer(async () => {
    const buyer = await requireUser(request);
    return json(await checkout(buyer, await readJson(request, checkoutRequest), purchaseContext(buyer.id)));
  });
}
