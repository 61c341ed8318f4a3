/**
 * The views and forms of the hosted pages; each form returns the browser's next address. As at Paddle, the link opens
 * the page without sign-in: its id is the secret.
 */
import { paths } from "@/lib/config/current-catalog";
import { DomainError, nothingHere } from "@/lib/core/domain-error";
import { isCardNumber } from "../cards";
import { onAccount, only, textOf } from "../hosted-page";
import type { Sandbox } from "../sandbox";
import * as checkout from "./checkout";
import { fakePaddle } from "./fake-paddle";
import { PaddleProblem } from "./problem";
import { isCountry } from "./tax";
import { isTransactionAction, runTransactionAction } from "./transaction-page";
import { type TransactionView, transactionView } from "./transaction-view";
import { checkoutView, invoiceView, paymentView, portalView } from "./views";

export type { Paid, Payment } from "./checkout";
export { TEST_CODES } from "./discounts";
export { COUNTRIES } from "./tax";
export type { CheckoutView, PaymentView, PortalView } from "./views";
export type { TransactionView };

type Pages = "checkout" | "payment" | "portal" | "transaction";
const VIEWS = {
  checkout: checkoutView,
  payment: paymentView,
  portal: portalView,
  invoice: invoiceView,
  transaction: transactionView,
};

/** The view of a hosted page, after all due actions; null for an unknown id. */
export async function hostedPage<P extends keyof typeof VIEWS>(
  sandbox: Sandbox,
  page: P,
  id: string,
): Promise<ReturnType<(typeof VIEWS)[P]> | null> {
  const view = await onAccount(sandbox, fakePaddle, id, ({ state, now }) => VIEWS[page](state, id, now));
  return view as ReturnType<(typeof VIEWS)[P]> | null;
}

/** null for an unknown transaction. */
export function pay(sandbox: Sandbox, id: string, payment: checkout.Payment): Promise<checkout.Paid | null> {
  return onAccount(sandbox, fakePaddle, id, (step) => checkout.pay(step, only(step.state.transactions, id), payment));
}

/** null for an unknown subscription. */
export function changeCard(sandbox: Sandbox, id: string, payment: checkout.Payment): Promise<checkout.Paid | null> {
  return onAccount(sandbox, fakePaddle, id, (step) =>
    checkout.changeCard(step, only(step.state.subscriptions, id), payment),
  );
}

/** Runs an action of Paddle or a bank on a paid transaction; false if Paddle refuses it. */
export async function runAction(sandbox: Sandbox, transaction: string, name: string, adjustment: string | null) {
  if (!isTransactionAction(name)) {
    throw new DomainError("bad_input", "bad_input", "action: is not an action of this page", { field: "action" });
  }
  return refusable(() =>
    onAccount(sandbox, fakePaddle, transaction, (step) => {
      runTransactionAction(step, only(step.state.transactions, transaction), name, adjustment);
      return true;
    }),
  );
}

/** Cancels at the period's end, or undoes it; false if Paddle refuses. */
export async function setCancel(
  sandbox: Sandbox,
  portal: string,
  id: string,
  cancels: boolean,
): Promise<boolean | null> {
  return refusable(() =>
    onAccount(sandbox, fakePaddle, portal, (step) => {
      checkout.setCancel(step, only(step.state.subscriptions, id), cancels);
      return true;
    }),
  );
}

async function refusable(operation: () => Promise<boolean | null>): Promise<boolean | null> {
  try {
    return await operation();
  } catch (error) {
    if (error instanceof PaddleProblem) return false;
    throw error;
  }
}

/** Handles a posted form; returns the browser's next address. @throws DomainError bad_input, not_found */
export async function submit(sandbox: Sandbox, page: Pages, id: string, form: URLSearchParams): Promise<string> {
  const here = `${paths().sandbox}/paddle/${page}/${encodeURIComponent(id)}`;
  if (page === "portal") {
    const done = await setCancel(sandbox, id, form.get("subscription") ?? "", form.get("action") === "cancel");
    if (done === null) throw nothingHere();
    return done ? here : `${here}?problem=refused`;
  }
  if (page === "transaction") {
    const done = await runAction(sandbox, id, form.get("action") ?? "", form.get("adjustment"));
    if (done === null) throw nothingHere();
    return done ? here : `${here}?problem=refused`;
  }
  const payment = paymentOf(form);
  const paid = await { checkout: pay, payment: changeCard }[page](sandbox, id, payment);
  if (paid === null) throw nothingHere();
  if (paid.outcome === "declined") return `${here}?problem=declined`;
  if (paid.outcome === "invalid_code") return `${here}?problem=code`;
  if (paid.outcome === "requires_action") return `${here}?${new URLSearchParams(choices(payment))}`;
  if (page === "payment") return paid.outcome === "succeeded" ? `${here}?done=1` : here;
  const view = await hostedPage(sandbox, "checkout", id);
  return paid.outcome === "gone" || view === null ? here : view.returnUrl;
}

function paymentOf(form: URLSearchParams): checkout.Payment {
  const card = form.get("card") ?? "";
  if (!isCardNumber(card))
    throw new DomainError("bad_input", "bad_input", "card: is not a test card", { field: "card" });
  const country = form.get("country") ?? "";
  return {
    card,
    email: textOf(form, "email"),
    name: textOf(form, "name"),
    confirmed: form.get("confirmed") === "1",
    ...(isCountry(country) && { country }),
    code: textOf(form, "code"),
  };
}

/** The parameters of the authentication page: it pays with the payer's choices. */
function choices({ card, country, code }: checkout.Payment): Record<string, string> {
  return { confirm: card, ...(country && { country }), ...(code && { code }) };
}
