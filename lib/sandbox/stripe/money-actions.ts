/**
 * What the hosted pages do with money beside payments: a payer types a code or their country, and the business, played by
 * whoever tries this, gives back money or is disputed.
 */
import type { LineSpec } from "../event-builders/stripe/events";
import { promotionCodeNamed } from "./coupons";
import { redeemCode } from "./discounts";
import { answerDispute, loseDispute, openDispute, winDispute } from "./disputes";
import { chargeOfInvoice, moneyOf } from "./money";
import type { Charge, Dispute } from "./money-types";
import { customerOf } from "./objects";
import { StripeProblem } from "./problem";
import { issueCreditNote, refundCharge } from "./refunds";
import { isCountry } from "./tax";
import { tellChange } from "./emit";
import type { Session, StripeTurn, World } from "./account-state";

/** What came of it: the page's `problem`, or nothing to say. */
export type Acted = { problem: "code" | "refused" } | null;

/** Takes the code's discount, or none where the text is empty. */
export function applyCode({ world }: StripeTurn, session: Session, text: string): Acted {
  if (session.status !== "open" || !session.allowPromotionCodes) return { problem: "refused" };
  if (text.trim() === "") {
    session.discounts = [];
    return null;
  }
  const code = promotionCodeNamed(text);
  if (code === undefined) return { problem: "code" };
  return orProblem("code", () => {
    session.discounts = [redeemCode(world, code, "promotion_code")];
  });
}

/** Where the payer lives, for the tax that the page shows. */
export function setSessionCountry(_: StripeTurn, session: Session, country: string): Acted {
  if (session.status !== "open" || !isCountry(country)) return { problem: "refused" };
  session.country = country;
  return null;
}

/** The customer's own address, changed in the portal. */
export function setCustomerCountry(turn: StripeTurn, country: string): Acted {
  if (!isCountry(country)) return { problem: "refused" };
  const { world } = turn;
  tellChange(
    turn,
    "customer.updated",
    () => customerOf(world),
    () => {
      world.customer.country = country;
    },
  );
  return null;
}

/** The business's actions on a paid invoice, by the names of the page's buttons. */
const INVOICE_ACTIONS: Readonly<Record<string, (turn: StripeTurn, charge: Charge) => void>> = {
  refund: (turn, charge) => void refundCharge(turn, charge, { reason: "requested_by_customer" }),
  refund_half: (turn, charge) => {
    const half = Math.floor(charge.amount / 2);
    refundCharge(turn, charge, {
      amount: Math.min(half, charge.amount - charge.refunded),
      reason: "requested_by_customer",
    });
  },
  credit_note: (turn, charge) => {
    const invoice = turn.world.invoices.find(({ id }) => id === charge.invoice);
    const amount = charge.amount - charge.refunded;
    if (invoice) issueCreditNote(turn, invoice, { amount, refundAmount: amount, reason: null, memo: null });
  },
  dispute: (turn, charge) => void openDispute(turn, charge),
  answer: (turn, charge) => answerDispute(turn, disputeOn(turn.world, charge)),
  win: (turn, charge) => winDispute(turn, disputeOn(turn.world, charge)),
  lose: (turn, charge) => loseDispute(turn, disputeOn(turn.world, charge)),
};

export function isInvoiceAction(name: string): boolean {
  return Object.hasOwn(INVOICE_ACTIONS, name);
}

export function actOnInvoice(turn: StripeTurn, invoice: string, name: string): Acted {
  const charge = chargeOfInvoice(turn.world, invoice);
  const act = Object.hasOwn(INVOICE_ACTIONS, name) ? INVOICE_ACTIONS[name] : undefined;
  if (charge === undefined || act === undefined) return { problem: "refused" };
  return orProblem("refused", () => act(turn, charge));
}

/** What of an invoice was given back or taken back, and what can be done next. */
export interface Aftermath {
  refunded: number;
  /** Credited by a note, to the card or to the balance. */
  credited: number;
  dispute: Dispute["status"] | null;
  can: { refund: boolean; dispute: boolean; answer: boolean; close: boolean };
}

export function aftermathOf(world: World, invoiceId: string): Aftermath | null {
  const charge = chargeOfInvoice(world, invoiceId);
  if (charge === undefined) return null;
  const dispute = world.money?.disputes.findLast((each) => each.charge === charge.id);
  const invoice = world.invoices.find(({ id }) => id === invoiceId);
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

/** A discount and a tax as the pages show them; 0 where there is none. */
export function reductionsOf(lines: readonly Pick<LineSpec, "discount" | "tax">[]) {
  return {
    discount: lines.reduce((sum, { discount = 0 }) => sum + discount, 0),
    tax: lines.reduce((sum, { tax }) => sum + (tax?.amount ?? 0), 0),
    taxIncluded: lines.some(({ tax }) => tax?.behavior === "inclusive"),
  };
}

function disputeOn(world: World, charge: Charge): Dispute {
  const dispute = moneyOf(world).disputes.findLast((each) => each.charge === charge.id);
  if (dispute === undefined) throw new StripeProblem(400, { type: "invalid_request_error", message: "No dispute." });
  return dispute;
}

/** Pages say that it was refused; the API would say why. */
function orProblem(problem: "code" | "refused", act: () => void): Acted {
  try {
    act();
    return null;
  } catch (error) {
    if (error instanceof StripeProblem) return { problem };
    throw error;
  }
}
