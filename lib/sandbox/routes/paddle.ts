/** The forms of the fake Paddle's pages, its PDF invoices and its API. */
import type { Params } from "@/lib/api";
import { nothingHere } from "@/lib/core/domain-error";
import { answer, readForm, requireSameOrigin, requireSandbox, seeOther } from "@/lib/http";

export function submitCheckout(request: Request, params: Params<"transaction">) {
  return answer(async () => {
    requireSandbox();
    requireSameOrigin(request);
    const { transaction } = params;
    const { paddlePages, sandbox } = await import("@/lib/sandbox");
    return seeOther(await paddlePages.submit(sandbox(), "checkout", transaction, await readForm(request)));
  });
}

export function downloadInvoice(_: Request, params: Params<"id">) {
  return answer(async () => {
    requireSandbox();
    const { id } = params;
    const { invoicePdf, paddlePages, sandbox } = await import("@/lib/sandbox");
    const invoice = await paddlePages.hostedPage(sandbox(), "invoice", id);
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

export function submitPayment(request: Request, params: Params<"subscription">) {
  return answer(async () => {
    requireSandbox();
    requireSameOrigin(request);
    const { subscription } = params;
    const { paddlePages, sandbox } = await import("@/lib/sandbox");
    return seeOther(await paddlePages.submit(sandbox(), "payment", subscription, await readForm(request)));
  });
}

export function submitPortal(request: Request, params: Params<"id">) {
  return answer(async () => {
    requireSandbox();
    requireSameOrigin(request);
    const { id } = params;
    const { paddlePages, sandbox } = await import("@/lib/sandbox");
    return seeOther(await paddlePages.submit(sandbox(), "portal", id, await readForm(request)));
  });
}

export function submitTransaction(request: Request, params: Params<"id">) {
  return answer(async () => {
    requireSandbox();
    requireSameOrigin(request);
    const { id } = params;
    const { paddlePages, sandbox } = await import("@/lib/sandbox");
    return seeOther(await paddlePages.submit(sandbox(), "transaction", id, await readForm(request)));
  });
}

/** The fake Paddle API for Paddle's own SDK in this process; only the SDK's key opens it. */
export function callApi(request: Request): Promise<Response> {
  return answer(async () => {
    requireSandbox();
    const { answerApi, paddleConnection, sandbox } = await import("@/lib/sandbox");
    return answerApi(request, sandbox(), paddleConnection());
  });
}
