import { recordedSale } from "@/lib/admin";
import { gateway } from "@/lib/database";
import { answer, json } from "@/lib/http";
import { requireSubjectOfBody } from "@/lib/identity";
import { checkout, checkoutRequest, purchaseContext } from "@/lib/subscriptions";

export function POST(request: Request) {
  return answer(async () => {
    const { subject, input } = await requireSubjectOfBody(request, checkoutRequest);
    return json(
      await recordedSale(subject, "checkout.opened", input, gateway(), () =>
        checkout(subject, input, purchaseContext(subject.id)),
      ),
    );
  });
}
