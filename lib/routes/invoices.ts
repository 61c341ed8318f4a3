/** Invoices, and the processor's portal. */
import type { Params } from "@/lib/api";
import { answer, json, readJson } from "@/lib/http";
import { requireUser } from "@/lib/identity";
import { invoiceDocument, invoicesOf, portalOf, portalRequest, purchaseContext } from "@/lib/subscriptions";

export function download(request: Request, params: Params<"processor" | "id">) {
  return answer(async () => {
    const { id: userId } = await requireUser(request);
    const { processor, id } = params;
    const url = await invoiceDocument(userId, processor, id, purchaseContext(userId));
    return new Response(null, { status: 302, headers: { location: url, "cache-control": "no-store" } });
  });
}

export function list(request: Request) {
  return answer(async () => {
    const { id } = await requireUser(request);
    return json(await invoicesOf(id, purchaseContext(id)));
  });
}

export function openPortal(request: Request) {
  return answer(async () => {
    const { id } = await requireUser(request);
    const { product } = await readJson(request, portalRequest);
    return json(await portalOf(id, product, purchaseContext(id)));
  });
}
