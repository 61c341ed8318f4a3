import { answer } from "@/lib/http";
import { requireUser } from "@/lib/identity";
import { invoiceDocument, purchaseContext } from "@/lib/subscriptions";

export function GET(request: Request, context: RouteContext<"/api/invoices/[processor]/[id]">) {
  return answer(async () => {
    const { id: userId } = await requireUser(request);
    const { processor, id } = await context.params;
    const url = await invoiceDocument(userId, processor, id, purchaseContext(userId));
    return new Response(null, { status: 302, headers: { location: url, "cache-control": "no-store" } });
  });
}
