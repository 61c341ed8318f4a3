import { recordedSale } from "@/lib/admin";
import { gateway } from "@/lib/database";
import { answer, json } from "@/lib/http";
import { requireSubjectOfBody } from "@/lib/identity";
import { changePlan, planChangeRequest, purchaseContext } from "@/lib/subscriptions";

export function POST(request: Request) {
  return answer(async () => {
    const { subject, input } = await requireSubjectOfBody(request, planChangeRequest);
    return json(
      await recordedSale(subject, "plan.changed", input, gateway(), () =>
        changePlan(subject.id, input, purchaseContext(subject.id)),
      ),
    );
  });
}
