/**
 * Behind the hosted pages: what they show, and their plain forms, each answered by where the browser goes next. Like
 * Stripe's own, they are opened by whoever has the link: its id is the secret.
 */
import { DomainError } from "@/lib/core/domain-error";
import type { Sandbox } from "../sandbox";
import { cancelAtPeriodEnd } from "./cancel";
import * as checkout from "./checkout";
import { isMethodNumber } from "./methods";
import {
  type Acted,
  actOnInvoice,
  applyCode,
  isInvoiceAction,
  setCustomerCountry,
  setSessionCountry,
} from "./money-actions";
import { playedStripe } from "./played";
import { checkoutView, invoiceView, portalView } from "./views";
import { type Invoice, isLive, type Session, type StripeTurn, type World } from "./world";

export type { Paid, Payment } from "./checkout";
export type { CheckoutView, InvoiceSummary, InvoiceView, OrderLine, PortalView } from "./views";

type Pages = "checkout" | "portal" | "invoice";
const VIEWS = { checkout: checkoutView, portal: portalView, invoice: invoiceView };

/** What a hosted page shows; null where there is no such thing. Time is brought up to now first. */
export async function hostedPage<P extends Pages>(
  sandbox: Sandbox,
  page: P,
  id: string,
): Promise<ReturnType<(typeof VIEWS)[P]> | null> {
  const view = await onWorld(sandbox, id, ({ world, now }) => VIEWS[page](world, id, now));
  return view as ReturnType<(typeof VIEWS)[P]> | null;
}

/** null where there is no such session. */
export function paySession(sandbox: Sandbox, id: string, payment: checkout.Payment): Promise<checkout.Paid | null> {
  return onWorld(sandbox, id, (turn) => checkout.paySession(turn, only(turn.world.sessions, id), payment));
}

export function payInvoice(
  sandbox: Sandbox,
  id: string,
  payment: checkout.Payment | null,
): Promise<checkout.Paid | null> {
  return onWorld(sandbox, id, (turn): checkout.Paid => {
    const invoice = only(turn.world.invoices, id);
    if (invoice.status === "paid") return { outcome: "complete" };
    if (invoice.status !== "open") return { outcome: "expired" };
    if (invoice.debit) return { outcome: "processing" };
    return checkout.payInvoice(turn, invoice, payment);
  });
}

export function changeCard(sandbox: Sandbox, portal: string, payment: checkout.Payment): Promise<checkout.Paid | null> {
  return onWorld(sandbox, portal, (turn) => checkout.changeCard(turn, payment));
}

/** Cancels at the period's end, or takes that back. What has ended, or is held by a schedule, stays as it is. */
export function setCancel(sandbox: Sandbox, portal: string, id: string, cancels: boolean): Promise<boolean | null> {
  return onWorld(sandbox, portal, (turn) => {
    const found = turn.world.subscriptions.find((each) => each.id === id);
    if (found === undefined || !isLive(found) || found.schedule) return false;
    cancelAtPeriodEnd(turn, found, cancels);
    return true;
  });
}

/** A posted form; gives where the browser goes. Throws DomainError bad_input, not_found. */
export async function submit(sandbox: Sandbox, page: Pages, id: string, form: URLSearchParams): Promise<string> {
  const here = `/sandbox/stripe/${page}/${encodeURIComponent(id)}`;
  if (page === "portal" && form.has("subscription")) {
    const cancels = form.get("action") === "cancel";
    const found = await setCancel(sandbox, id, String(form.get("subscription")), cancels);
    if (found === null) throw gone();
    return here;
  }
  const acted = await moneyAction(sandbox, page, id, form);
  if (acted !== undefined) return acted === null ? here : `${here}?problem=${acted.problem}`;
  const payment = paymentOf(form);
  const pay = { checkout: paySession, portal: changeCard, invoice: payInvoice }[page];
  const paid = await pay(sandbox, id, payment);
  if (paid === null) throw gone();
  if (paid.outcome === "declined") return `${here}?problem=declined`;
  if (paid.outcome === "requires_action") return `${here}?confirm=${payment.card}`;
  if (page !== "checkout") return `${here}?done=1`;
  const view = await hostedPage(sandbox, "checkout", id);
  return paid.outcome === "expired" || view === null ? here : view.successUrl;
}

/** Codes, countries, refunds and disputes: a form of their own on each page. undefined: the form is another. */
async function moneyAction(
  sandbox: Sandbox,
  page: Pages,
  id: string,
  form: URLSearchParams,
): Promise<Acted | undefined> {
  const action = form.get("action") ?? "";
  const act = ((): ((turn: StripeTurn) => Acted) | undefined => {
    if (page === "invoice" && isInvoiceAction(action)) return (turn) => actOnInvoice(turn, id, action);
    const country = String(form.get("country"));
    if (page === "portal" && action === "address") return (turn) => setCustomerCountry(turn, country);
    if (page !== "checkout") return undefined;
    const session = (turn: StripeTurn) => only(turn.world.sessions, id);
    if (action === "address") return (turn) => setSessionCountry(turn, session(turn), country);
    if (action === "code")
      return (turn) => applyCode(turn, session(turn), String(form.get("code") ?? "").slice(0, 200));
    return undefined;
  })();
  if (act === undefined) return undefined;
  const acted = await onWorld(sandbox, id, (turn) => ({ acted: act(turn) }));
  if (acted === null) throw gone();
  return acted.acted;
}

function paymentOf(form: URLSearchParams): checkout.Payment {
  const card = form.get("card") ?? "";
  if (card !== "none" && !isMethodNumber(card))
    throw new DomainError("bad_input", "bad_input", "card: is not a test card or test bank account", { field: "card" });
  const text = (name: string) => form.get(name)?.trim().slice(0, 200).replaceAll("\0", "") || null;
  return {
    card: card === "none" ? null : card,
    email: text("email"),
    name: text("name"),
    confirmed: form.get("confirmed") === "1",
  };
}

function gone(): DomainError {
  return new DomainError("not_found", "not_found", "There is nothing here.");
}

/** Runs a step of the account that has the object. */
async function onWorld<Result>(
  sandbox: Sandbox,
  object: string,
  act: (turn: StripeTurn) => Result,
): Promise<Result | null> {
  const carried = await sandbox.command<World>(
    { of: { object }, act: (turn) => ({ status: 200, body: act(turn) }) },
    playedStripe,
  );
  return carried.outcome === "answered" ? (carried.reply.body as Result) : null;
}

function only<T extends Session | Invoice>(list: readonly T[], id: string): T {
  const found = list.find((each) => each.id === id);
  if (found === undefined) throw gone();
  return found;
}
