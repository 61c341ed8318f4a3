/** The forms of the fake Stripe's pages, and its PDF invoices. */
import type { Params } from "@/lib/api";
import { nothingHere } from "@/lib/core/domain-error";
import { answer, readForm, requireSameOrigin, requireSandbox, seeOther } from "@/lib/http";

export function submitCheckout(request: Request, params: Params<"id">) {
  return answer(async () => {
    requireSandbox();
    requireSameOrigin(request);
    const { id } = params;
    const { sandbox, stripePages } = await import("@/lib/sandbox");
    return seeOther(await stripePages.submit(sandbox(), "checkout", id, await readForm(request)));
  });
}

export function downloadInvoice(_: Request, params: Params<"id">) {
  return answer(async () => {
    requireSandbox();
    const { id } = params;
    const { invoicePdf, sandbox, stripePages } = await import("@/lib/sandbox");
    const invoice = await stripePages.hostedPage(sandbox(), "invoice", id);
    if (invoice === null) throw nothingHere();
    return new Response(invoicePdf(invoice), {
      headers: {
        "content-type": "application/pdf",
        "content-disposition": `inline; filename="${invoice.number}.pdf"`,
        "cache-control": "no-store",
      },
    });
  });
}

export function submitInvoice(request: Request, params: Params<"id">) {
  return answer(async () => {
    requireSandbox();
    requireSameOrigin(request);
    const { id } = params;
    const { sandbox, stripePages } = await import("@/lib/sandbox");
    return seeOther(await stripePages.submit(sandbox(), "invoice", id, await readForm(request)));
  });
}

export function submitPortal(request: Request, params: Params<"id">) {
  return answer(async () => {
    requireSandbox();
    requireSameOrigin(request);
    const { id } = params;
    const { sandbox, stripePages } = await import("@/lib/sandbox");
    return seeOther(await stripePages.submit(sandbox(), "portal", id, await readForm(request)));
  });
}
