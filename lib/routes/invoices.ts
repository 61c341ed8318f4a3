/** Invoices, and the processor's portal. */
import { recordedSale } from "@/lib/admin";
import type { Params } from "@/lib/api";
import { gateway } from "@/lib/database";
import { answer, json } from "@/lib/http";
import { requireSubject, requireSubjectOfBody } from "@/lib/identity";
import { invoiceDocument, invoicesOf, portalOf, portalRequest, purchaseContext } from "@/lib/subscriptions";

export function download(request: Request, params: Params<"processor" | "id">) {
  return answer(async () => {
    const { subject } = await requireSubject(request);
    const { processor, id } = params;
    const url = await invoiceDocument(subject.id, processor, id, purchaseContext(subject.id));
    return new Response(null, { status: 302, headers: { location: url, "cache-control": "no-store" } });
  });
}

export function list(request: Request) {
  return answer(async () => {
    const { subject } = await requireSubject(request);
    return json(await invoicesOf(subject.id, purchaseContext(subject.id)));
  });
}

export function openPortal(request: Request) {
  return answer(async () => {
    const { subject, input } = await requireSubjectOfBody(request, portalRequest);
    return json(
      await recordedSale(subject, "portal.opened", input, gateway(), () =>
        portalOf(subject.id, input.product, purchaseContext(subject.id)),
      ),
    );
  });
}
