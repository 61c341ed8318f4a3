import { answer, json } from "@/lib/http";
import { requireUser } from "@/lib/identity";
import { invoicesOf, purchaseContext } from "@/lib/subscriptions";

export function GET(request: Request) {
  return answer(async () => {
    const { id } = await requireUser(request);
    return json(await invoicesOf(id, purchaseContext(id)));
  });
}
