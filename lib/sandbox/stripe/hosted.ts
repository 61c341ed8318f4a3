/**
 * The views and forms of the hosted pages; each form returns the browser's next address. As at Stripe, the link opens
 * the page without sign-in: its id is the secret.
 */
import { paths } from "@/lib/config/current-catalog";
import { DomainError, nothingHere } from "@/lib/core/domain-error";
import { onAccount, only, textOf } from "../hosted-page";
import type { Sandbox } from "../sandbox";
import { isLive, type StripeStep } from "./account-state";
import { cancelAtPeriodEnd } from "./cancel";
import * as checkout from "./checkout";
import { fakeStripe } from "./fake-stripe";
import { isMethodNumber } from "./methods";
import {
  type ActionResult,
  applyCode,
  isInvoiceAction,
  runInvoiceAction,
  setCustomerCountry,
  setSessionCountry,
} from "./money-actions";
import { checkoutView, invoiceView, portalView } from "./views";

export type { Paid, Payment } from "./checkout";
export type { CheckoutView, InvoiceSummary, InvoiceView, OrderLine, PortalView } from "./views";

type Pages = "checkout" | "portal" | "invoice";
const VIEWS = { checkout: checkoutView, portal: portalView, invoice: invoiceView };

/** The view of a hosted page, after all due actions; null for an unknown id. */
export async function hostedPage<P extends Pages>(
  sandbox: Sandbox,
  page: P,
  id: string,
): Promise<ReturnType<(typeof VIEWS)[P]> | null> {
  const view = await onAccount(sandbox, fakeStripe, id, ({ state, now }) => VIEWS[page](state, id, now));
  return view as ReturnType<(typeof VIEWS)[P]> | null;
}

/** null for an unknown session. */
export function paySession(sandbox: Sandbox, id: string, payment: checkout.Payment): Promise<checkout.Paid | null> {
  return onAccount(sandbox, fakeStripe, id, (step) =>
    checkout.paySession(step, only(step.state.sessions, id), payment),
  );
}

export function payInvoice(
  sandbox: Sandbox,
  id: string,
  payment: checkout.Payment | null,
): Promise<checkout.Paid | null> {
  return onAccount(sandbox, fakeStripe, id, (step): checkout.Paid => {
    const invoice = only(step.state.invoices, id);
    if (invoice.status === "paid") return { outcome: "complete" };
    if (invoice.status !== "open") return { outcome: "expired" };
    if (invoice.debit) return { outcome: "processing" };
    return checkout.payInvoice(step, invoice, payment);
  });
}

export function changeCard(sandbox: Sandbox, portal: string, payment: checkout.Payment): Promise<checkout.Paid | null> {
  return onAccount(sandbox, fakeStripe, portal, (step) => checkout.changeCard(step, payment));
}

/** Cancels at the period's end, or undoes it. An ended subscription, or one with a schedule, does not change. */
export function setCancel(sandbox: Sandbox, portal: string, id: string, cancels: boolean): Promise<boolean | null> {
  return onAccount(sandbox, fakeStripe, portal, (step) => {
    const found = step.state.subscriptions.find((each) => each.id === id);
    if (found === undefined || !isLive(found) || found.schedule) return false;
    cancelAtPeriodEnd(step, found, cancels);
    return true;
  });
}

/** Handles a posted form; returns the browser's next address. @throws DomainError bad_input, not_found */
export async function submit(sandbox: Sandbox, page: Pages, id: string, form: URLSearchParams): Promise<string> {
  const here = `${paths().sandbox}/stripe/${page}/${encodeURIComponent(id)}`;
  if (page === "portal" && form.has("subscription")) {
    const cancels = form.get("action") === "cancel";
    const found = await setCancel(sandbox, id, String(form.get("subscription")), cancels);
    if (found === null) throw nothingHere();
    return here;
  }
  const actionResult = await moneyAction(sandbox, page, id, form);
  if (actionResult !== undefined) return actionResult === null ? here : `${here}?problem=${actionResult.problem}`;
  const payment = paymentOf(form);
  const pay = { checkout: paySession, portal: changeCard, invoice: payInvoice }[page];
  const paid = await pay(sandbox, id, payment);
  if (paid === null) throw nothingHere();
  if (paid.outcome === "declined") return `${here}?problem=declined`;
  if (paid.outcome === "requires_action") return `${here}?confirm=${payment.card}`;
  if (page !== "checkout") return `${here}?done=1`;
  const view = await hostedPage(sandbox, "checkout", id);
  return paid.outcome === "expired" || view === null ? here : view.successUrl;
}

/** Handles the forms of codes, countries, refunds and disputes; undefined for any other form. */
async function moneyAction(
  sandbox: Sandbox,
  page: Pages,
  id: string,
  form: URLSearchParams,
): Promise<ActionResult | undefined> {
  const action = form.get("action") ?? "";
  const run = ((): ((step: StripeStep) => ActionResult) | undefined => {
    if (page === "invoice" && isInvoiceAction(action)) return (step) => runInvoiceAction(step, id, action);
    const country = String(form.get("country"));
    if (page === "portal" && action === "address") return (step) => setCustomerCountry(step, country);
    if (page !== "checkout") return undefined;
    const session = (step: StripeStep) => only(step.state.sessions, id);
    if (action === "address") return (step) => setSessionCountry(step, session(step), country);
    if (action === "code")
      return (step) => applyCode(step, session(step), String(form.get("code") ?? "").slice(0, 200));
    return undefined;
  })();
  if (run === undefined) return undefined;
  const actionResult = await onAccount(sandbox, fakeStripe, id, (step) => ({ actionResult: run(step) }));
  if (actionResult === null) throw nothingHere();
  return actionResult.actionResult;
}

function paymentOf(form: URLSearchParams): checkout.Payment {
  const card = form.get("card") ?? "";
  if (card !== "none" && !isMethodNumber(card))
    throw new DomainError("bad_input", "bad_input", "card: is not a test card or test bank account", { field: "card" });
  return {
    card: card === "none" ? null : card,
    email: textOf(form, "email"),
    name: textOf(form, "name"),
    confirmed: form.get("confirmed") === "1",
  };
}
