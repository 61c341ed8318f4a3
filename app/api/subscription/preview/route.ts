import { answer, json } from "@/lib/http";
import { requireSubjectOfBody } from "@/lib/identity";
import { planChangeRequest, previewChange, purchaseContext } from "@/lib/subscriptions";

export function POST(request: Request) {
  return answer(async () => {
    const { subject, input } = await requireSubjectOfBody(request, planChangeRequest);
    return json(await previewChange(subject.id, input, purchaseContext(subject.id)));
  });
}
