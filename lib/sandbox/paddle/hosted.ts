/**
 * Behind the hosted pages: what they show, and their plain forms, each answered by where the browser goes next. Like
 * Paddle's own, they are opened by whoever has the link: its id is the secret.
 */
import { DomainError } from "@/lib/core/domain-error";
import { isCardNumber } from "../cards";
import type { Sandbox } from "../sandbox";
import * as checkout from "./checkout";
import { playedPaddle } from "./played";
import { PaddleProblem } from "./problem";
import { isCountry } from "./tax";
import { carryOutAction, isTransactionAction } from "./transaction-page";
import { type TransactionView, transactionView } from "./transaction-view";
import { checkoutView, invoiceView, paymentView, portalView } from "./views";
import type { PaddleTurn, World } from "./world";

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

/** What a hosted page shows; null where there is no such thing. Time is brought up to now first. */
export async function hostedPage<P extends keyof typeof VIEWS>(
  sandbox: Sandbox,
  page: P,
  id: string,
): Promise<ReturnType<(typeof VIEWS)[P]> | null> {
  const view = await onWorld(sandbox, id, ({ world, now }) => VIEWS[page](world, id, now));
  return view as ReturnType<(typeof VIEWS)[P]> | null;
}

/** null where there is no such transaction. */
export function pay(sandbox: Sandbox, id: string, payment: checkout.Payment): Promise<checkout.Paid | null> {
  return onWorld(sandbox, id, (turn) => checkout.pay(turn, only(turn.world.transactions, id), payment));
}

/** null where there is no such subscription. */
export function changeCard(sandbox: Sandbox, id: string, payment: checkout.Payment): Promise<checkout.Paid | null> {
  return onWorld(sandbox, id, (turn) => checkout.changeCard(turn, only(turn.world.subscriptions, id), payment));
}

/** What Paddle or a bank does to a paid transaction. What is not possible changes nothing: false. */
export async function act(sandbox: Sandbox, transaction: string, name: string, adjustment: string | null) {
  if (!isTransactionAction(name)) {
    throw new DomainError("bad_input", "bad_input", "action: is not an action of this page", { field: "action" });
  }
  return refusable(() =>
    onWorld(sandbox, transaction, (turn) => {
      carryOutAction(turn, only(turn.world.transactions, transaction), name, adjustment);
      return true;
    }),
  );
}

/** Cancels at the period's end, or takes that back. What Paddle refuses stays as it is: false. */
export async function setCancel(
  sandbox: Sandbox,
  portal: string,
  id: string,
  cancels: boolean,
): Promise<boolean | null> {
  return refusable(() =>
    onWorld(sandbox, portal, (turn) => {
      checkout.setCancel(turn, only(turn.world.subscriptions, id), cancels);
      return true;
    }),
  );
}

async function refusable(carryOut: () => Promise<boolean | null>): Promise<boolean | null> {
  try {
    return await carryOut();
  } catch (error) {
    if (error instanceof PaddleProblem) return false;
    throw error;
  }
}

/** A posted form; gives where the browser goes. Throws DomainError bad_input, not_found. */
export async function submit(sandbox: Sandbox, page: Pages, id: string, form: URLSearchParams): Promise<string> {
  const here = `/sandbox/paddle/${page}/${encodeURIComponent(id)}`;
  if (page === "portal") {
    const done = await setCancel(sandbox, id, form.get("subscription") ?? "", form.get("action") === "cancel");
    if (done === null) throw gone();
    return done ? here : `${here}?problem=refused`;
  }
  if (page === "transaction") {
    const done = await act(sandbox, id, form.get("action") ?? "", form.get("adjustment"));
    if (done === null) throw gone();
    return done ? here : `${here}?problem=refused`;
  }
  const payment = paymentOf(form);
  const paid = await { checkout: pay, payment: changeCard }[page](sandbox, id, payment);
  if (paid === null) throw gone();
  if (paid.outcome === "declined") return `${here}?problem=declined`;
  if (paid.outcome === "invalid_code") return `${here}?problem=code`;
  if (paid.outcome === "requires_action") return `${here}?${new URLSearchParams(asked(payment))}`;
  if (page === "payment") return paid.outcome === "succeeded" ? `${here}?done=1` : here;
  const view = await hostedPage(sandbox, "checkout", id);
  return paid.outcome === "gone" || view === null ? here : view.returnUrl;
}

function paymentOf(form: URLSearchParams): checkout.Payment {
  const card = form.get("card") ?? "";
  if (!isCardNumber(card))
    throw new DomainError("bad_input", "bad_input", "card: is not a test card", { field: "card" });
  const text = (name: string) => form.get(name)?.trim().slice(0, 200).replaceAll("\0", "") || null;
  const country = form.get("country") ?? "";
  return {
    card,
    email: text("email"),
    name: text("name"),
    confirmed: form.get("confirmed") === "1",
    ...(isCountry(country) && { country }),
    code: text("code"),
  };
}

/** The bank's question: what the payer chose goes along, since the answer pays. */
function asked({ card, country, code }: checkout.Payment): Record<string, string> {
  return { confirm: card, ...(country && { country }), ...(code && { code }) };
}

function gone(): DomainError {
  return new DomainError("not_found", "not_found", "There is nothing here.");
}

/** Runs a step of the account that has the object. */
async function onWorld<Result>(
  sandbox: Sandbox,
  object: string,
  act: (turn: PaddleTurn) => Result,
): Promise<Result | null> {
  const carried = await sandbox.command<World>(
    { of: { object }, act: (turn) => ({ status: 200, body: act(turn) }) },
    playedPaddle,
  );
  return carried.outcome === "answered" ? (carried.reply.body as Result) : null;
}

function only<T extends { id: string }>(list: readonly T[], id: string): T {
  const found = list.find((each) => each.id === id);
  if (found === undefined) throw gone();
  return found;
}
