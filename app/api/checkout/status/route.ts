import { parse } from "@/lib/core/parse";
import { answer, json } from "@/lib/http";
import { requireUser } from "@/lib/identity";
import { checkoutReturnRequest, checkoutStatus, purchaseContext } from "@/lib/subscriptions";

export function GET(request: Request) {
  return answer(async () => {
    const { id } = await requireUser(request);
    const { searchParams } = new URL(request.url);
    const { checkout } = parse(checkoutReturnRequest, Object.fromEntries(searchParams));
    return json(await checkoutStatus(id, checkout, purchaseContext(id)));
  });
}
