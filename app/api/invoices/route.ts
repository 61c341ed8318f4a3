import { z } from "zod";
import { answer, json } from "@/lib/http";
import { requireSubject } from "@/lib/identity";
import { invoicesOf, purchaseContext } from "@/lib/subscriptions";

export function GET(request: Request) {
  return answer(async () => {
    const { subject } = await requireSubject(request, z.object({}));
    return json(await invoicesOf(subject.id, purchaseContext(subject.id)));
  });
}
