import { answer, json } from "@/lib/http";
import { requireSubject } from "@/lib/identity";
import { checkoutReturnRequest, checkoutStatus, purchaseContext } from "@/lib/subscriptions";

export function GET(request: Request) {
  return answer(async () => {
    const { subject, input } = await requireSubject(request, checkoutReturnRequest);
    return json(await checkoutStatus(subject.id, input.checkout, purchaseContext(subject.id)));
  });
}
