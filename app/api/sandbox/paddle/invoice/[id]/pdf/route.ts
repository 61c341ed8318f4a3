import { nothingHere } from "@/lib/core/domain-error";
import { answer, requireSandbox } from "@/lib/http";

export function GET(_: Request, { params }: RouteContext<"/api/sandbox/paddle/invoice/[id]/pdf">) {
  return answer(async () => {
    requireSandbox();
    const { id } = await params;
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
