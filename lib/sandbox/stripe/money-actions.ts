/**
 * Actions of the hosted pages beside payments. A payer enters a code or a country. The visitor, in the role of the
 * business and the bank, refunds or disputes a payment.
 */
import type { LineSpec } from "../event-builders/stripe/events";
import type { AccountState, Session, StripeStep } from "./account-state";
import { promotionCodeNamed } from "./coupons";
import { redeemCode } from "./discounts";
import { answerDispute, loseDispute, openDispute, winDispute } from "./disputes";
import { emitChange } from "./emit";
import { chargeOfInvoice, moneyOf } from "./money";
import type { Charge, Dispute } from "./money-types";
import { customerOf } from "./objects";
import { StripeProblem } from "./problem";
import { issueCreditNote, refundCharge } from "./refunds";
import { isCountry } from "./tax";

/** The page's `problem`; null if the action succeeded. */
export type ActionResult = { problem: "code" | "refused" } | null;

/** Applies the code's discount; an empty text removes it. */
export function applyCode({ state }: StripeStep, session: Session, text: string): ActionResult {
  if (session.status !== "open" || !session.allowPromotionCodes) return { problem: "refused" };
  if (text.trim() === "") {
    session.discounts = [];
    return null;
  }
  const code = promotionCodeNamed(text);
  if (code === undefined) return { problem: "code" };
  return orProblem("code", () => {
    session.discounts = [redeemCode(state, code, "promotion_code")];
  });
}

/** Sets the payer's country, for the tax on the page. */
export function setSessionCountry(_: StripeStep, session: Session, country: string): ActionResult {
  if (session.status !== "open" || !isCountry(country)) return { problem: "refused" };
  session.country = country;
  return null;
}

/** Changes the customer's address in the portal. */
export function setCustomerCountry(step: StripeStep, country: string): ActionResult {
  if (!isCountry(country)) return { problem: "refused" };
  const { state } = step;
  emitChange(
    step,
    "customer.updated",
    () => customerOf(state),
    () => {
      state.customer.country = country;
    },
  );
  return null;
}

/** The business's actions on a paid invoice, by the names of the page's buttons. */
const INVOICE_ACTIONS: Readonly<Record<string, (step: StripeStep, charge: Charge) => void>> = {
  refund: (step, charge) => void refundCharge(step, charge, { reason: "requested_by_customer" }),
  refund_half: (step, charge) => {
    const half = Math.floor(charge.amount / 2);
    refundCharge(step, charge, {
      amount: Math.min(half, charge.amount - charge.refunded),
      reason: "requested_by_customer",
    });
  },
  credit_note: (step, charge) => {
    const invoice = step.state.invoices.find(({ id }) => id === charge.invoice);
    const amount = charge.amount - charge.refunded;
    if (invoice) issueCreditNote(step, invoice, { amount, refundAmount: amount, reason: null, memo: null });
  },
  dispute: (step, charge) => void openDispute(step, charge),
  answer: (step, charge) => answerDispute(step, disputeOn(step.state, charge)),
  win: (step, charge) => winDispute(step, disputeOn(step.state, charge)),
  lose: (step, charge) => loseDispute(step, disputeOn(step.state, charge)),
};

export function isInvoiceAction(name: string): boolean {
  return Object.hasOwn(INVOICE_ACTIONS, name);
}

export function runInvoiceAction(step: StripeStep, invoice: string, name: string): ActionResult {
  const charge = chargeOfInvoice(step.state, invoice);
  const run = Object.hasOwn(INVOICE_ACTIONS, name) ? INVOICE_ACTIONS[name] : undefined;
  if (charge === undefined || run === undefined) return { problem: "refused" };
  return orProblem("refused", () => run(step, charge));
}

/** Refunds and dispute of an invoice, and the actions that are possible now. */
export interface RefundSummary {
  refunded: number;
  /** The sum of credit notes, to the card or to the balance. */
  credited: number;
  dispute: Dispute["status"] | null;
  can: { refund: boolean; dispute: boolean; answer: boolean; close: boolean };
}

export function refundSummaryOf(state: AccountState, invoiceId: string): RefundSummary | null {
  const charge = chargeOfInvoice(state, invoiceId);
  if (charge === undefined) return null;
  const dispute = state.money?.disputes.findLast((each) => each.charge === charge.id);
  const invoice = state.invoices.find(({ id }) => id === invoiceId);
  const open = dispute?.status === "needs_response" || dispute?.status === "under_review";
  const left = charge.amount > charge.refunded;
  return {
    refunded: charge.refunded,
    credited: invoice?.creditNotes?.postPayment ?? 0,
    dispute: dispute?.status ?? null,
    can: {
      refund: left && !charge.disputed,
      dispute: left && !charge.disputed,
      answer: dispute?.status === "needs_response",
      close: open,
    },
  };
}

/** Discount and tax for the pages; 0 if there is none. */
export function reductionsOf(lines: readonly Pick<LineSpec, "discount" | "tax">[]) {
  return {
    discount: lines.reduce((sum, { discount = 0 }) => sum + discount, 0),
    tax: lines.reduce((sum, { tax }) => sum + (tax?.amount ?? 0), 0),
    taxIncluded: lines.some(({ tax }) => tax?.behavior === "inclusive"),
  };
}

function disputeOn(state: AccountState, charge: Charge): Dispute {
  const dispute = moneyOf(state).disputes.findLast((each) => each.charge === charge.id);
  if (dispute === undefined) throw new StripeProblem(400, { type: "invalid_request_error", message: "No dispute." });
  return dispute;
}

/** Maps a StripeProblem to a problem of the page, which shows no reason. */
function orProblem(problem: "code" | "refused", run: () => void): ActionResult {
  try {
    run();
    return null;
  } catch (error) {
    if (error instanceof StripeProblem) return { problem };
    throw error;
  }
}
