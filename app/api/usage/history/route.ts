import { answer, json } from "@/lib/http";
import { requireSubject } from "@/lib/identity";
import { historyRequest, usageHistory } from "@/lib/usage";

export function GET(request: Request) {
  return answer(async () => {
    const { subject, input } = await requireSubject(request, historyRequest);
    return json(await usageHistory(subject.id, input.field, input.days));
  });
}
