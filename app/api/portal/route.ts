import { recordedSale } from "@/lib/admin";
import { gateway } from "@/lib/database";
import { answer, json } from "@/lib/http";
import { requireSubjectOfBody } from "@/lib/identity";
import { portalOf, portalRequest, purchaseContext } from "@/lib/subscriptions";

export function POST(request: Request) {
  return answer(async () => {
    const { subject, input } = await requireSubjectOfBody(request, portalRequest);
    return json(
      await recordedSale(subject, "portal.opened", input, gateway(), () =>
        portalOf(subject.id, input.product, purchaseContext(subject.id)),
      ),
    );
  });
}
