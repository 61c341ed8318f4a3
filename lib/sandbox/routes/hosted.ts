/** The parts that the routes of both fake processors' pages share. */
import { nothingHere } from "@/lib/core/domain-error";
import { answer, readForm, requireSameOrigin, requireSandbox, seeOther } from "@/lib/http";
import type { InvoiceDocument } from "../pdf";

/** Loaded at a request only: the module cannot be loaded in production. */
export const loadSandbox = () => import("@/lib/sandbox");
export type LoadedSandbox = Awaited<ReturnType<typeof loadSandbox>>;

/** Handles the form of a page, and leads to the next address. */
export function submitForm(
  request: Request,
  submit: (loaded: LoadedSandbox, form: URLSearchParams) => Promise<string>,
): Promise<Response> {
  return answer(async () => {
    requireSandbox();
    requireSameOrigin(request);
    return seeOther(await submit(await loadSandbox(), await readForm(request)));
  });
}

/** Answers with an invoice as a PDF; 404 if there is none. */
export function showPdf(find: (loaded: LoadedSandbox) => Promise<InvoiceDocument | null>): Promise<Response> {
  return answer(async () => {
    requireSandbox();
    const loaded = await loadSandbox();
    const invoice = await find(loaded);
    if (invoice === null) throw nothingHere();
    return new Response(loaded.invoicePdf(invoice), {
      headers: {
        "content-type": "application/pdf",
        "content-disposition": `inline; filename="${invoice.number}.pdf"`,
        "cache-control": "no-store",
      },
    });
  });
}
