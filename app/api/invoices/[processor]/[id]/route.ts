import { z } from "zod";
import { answer } from "@/lib/http";
import { requireSubject } from "@/lib/identity";
import { invoiceDocument, purchaseContext } from "@/lib/subscriptions";

export function GET(request: Request, context: RouteContext<"/api/invoices/[processor]/[id]">) {
  return answer(async () => {
    const { subject } = await requireSubject(request, z.object({}));
    const { processor, id } = await context.params;
    const url = await invoiceDocument(subject.id, processor, id, purchaseContext(subject.id));
    return new Response(null, { status: 302, headers: { location: url, "cache-control": "no-store" } });
  });
}
