/** The forms of the fake Paddle's pages, its PDF invoices and its API. */
import type { Params } from "@/lib/api";
import { answer, requireSandbox } from "@/lib/http";
import { type LoadedSandbox, loadSandbox, showPdf, submitForm } from "./hosted";

type Page = Parameters<LoadedSandbox["paddlePages"]["submit"]>[1];

const submit = (request: Request, page: Page, id: string) =>
  submitForm(request, ({ paddlePages, sandbox }, form) => paddlePages.submit(sandbox(), page, id, form));

export const submitCheckout = (request: Request, { transaction }: Params<"transaction">) =>
  submit(request, "checkout", transaction);
export const submitPayment = (request: Request, { subscription }: Params<"subscription">) =>
  submit(request, "payment", subscription);
export const submitPortal = (request: Request, { id }: Params<"id">) => submit(request, "portal", id);
export const submitTransaction = (request: Request, { id }: Params<"id">) => submit(request, "transaction", id);

export const downloadInvoice = (_: Request, { id }: Params<"id">) =>
  showPdf(({ paddlePages, sandbox }) => paddlePages.hostedPage(sandbox(), "invoice", id));

/** The fake Paddle API for Paddle's own SDK in this process; only the SDK's key opens it. */
export function callApi(request: Request): Promise<Response> {
  return answer(async () => {
    requireSandbox();
    const { answerApi, paddleConnection, sandbox } = await loadSandbox();
    return answerApi(request, sandbox(), paddleConnection());
  });
}
