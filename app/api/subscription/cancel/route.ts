import { recordedSale } from "@/lib/admin";
import { gateway } from "@/lib/database";
import { answer, json } from "@/lib/http";
import { requireSubjectOfBody } from "@/lib/identity";
import { cancelSubscription, productRequest, purchaseContext } from "@/lib/subscriptions";

export function POST(request: Request) {
  return answer(async () => {
    const { subject, input } = await requireSubjectOfBody(request, productRequest);
    return json(
      await recordedSale(subject, "subscription.canceled", input, gateway(), () =>
        cancelSubscription(subject.id, input.product, purchaseContext(subject.id)),
      ),
    );
  });
}
