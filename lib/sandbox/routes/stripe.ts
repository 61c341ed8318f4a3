/** The forms of the fake Stripe's pages, and its PDF invoices. */
import type { Params } from "@/lib/api";
import { type LoadedSandbox, showPdf, submitForm } from "./hosted";

type Page = Parameters<LoadedSandbox["stripePages"]["submit"]>[1];

const submit = (request: Request, page: Page, id: string) =>
  submitForm(request, ({ stripePages, sandbox }, form) => stripePages.submit(sandbox(), page, id, form));

export const submitCheckout = (request: Request, { id }: Params<"id">) => submit(request, "checkout", id);
export const submitInvoice = (request: Request, { id }: Params<"id">) => submit(request, "invoice", id);
export const submitPortal = (request: Request, { id }: Params<"id">) => submit(request, "portal", id);

export const downloadInvoice = (_: Request, { id }: Params<"id">) =>
  showPdf(({ stripePages, sandbox }) => stripePages.hostedPage(sandbox(), "invoice", id));
