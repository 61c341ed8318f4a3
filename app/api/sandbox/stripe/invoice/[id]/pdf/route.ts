import { answer, HttpError, requireSandbox } from "@/lib/http";

export function GET(_: Request, { params }: RouteContext<"/api/sandbox/stripe/invoice/[id]/pdf">) {
  return answer(async () => {
    requireSandbox();
    const { id } = await params;
    const { invoicePdf, sandbox, stripePages } = await import("@/lib/sandbox");
    const invoice = await stripePages.hostedPage(sandbox(), "invoice", id);
    if (invoice === null) throw new HttpError(404, "not_found", "There is nothing here.");
    return new Response(invoicePdf(invoice), {
      headers: {
        "content-type": "application/pdf",
        "content-disposition": `inline; filename="${invoice.number}.pdf"`,
        "cache-control": "no-store",
      },
    });
  });
}
