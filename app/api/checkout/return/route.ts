import { answer, json, readJson } from "@/lib/http";
import { requireUser } from "@/lib/identity";
import { checkoutReturnRequest, purchaseContext, returnFromCheckout } from "@/lib/subscriptions";

export function POST(request: Request) {
  return answer(async () => {
    const { id } = await requireUser(request);
    const { checkout } = await readJson(request, checkoutReturnRequest);
    return json(await returnFromCheckout(id, checkout, purchaseContext(id)));
  });
}
