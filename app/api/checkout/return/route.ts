import { answer, json } from "@/lib/http";
import { requireSubjectOfBody } from "@/lib/identity";
import { checkoutReturnRequest, purchaseContext, returnFromCheckout } from "@/lib/subscriptions";

export function POST(request: Request) {
  return answer(async () => {
    const { subject, input } = await requireSubjectOfBody(request, checkoutReturnRequest);
    return json(await returnFromCheckout(subject.id, input.checkout, purchaseContext(subject.id)));
  });
}
