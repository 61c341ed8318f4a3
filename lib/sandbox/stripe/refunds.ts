/** Refunds of charges, and credit notes on invoices. */

import { paths } from "@/lib/config/current-catalog";
import { amountText } from "../event-builders/currency";
import { type CreditNoteSpec, invoiceAmounts, type RefundSpec } from "../event-builders/stripe/events";
import { type Invoice, nextId, type StripeStep, seconds } from "./account-state";
import { emitChange, emitEvent } from "./emit";
import { collect } from "./invoices";
import { chargeOfInvoice, hasSucceeded, moneyOf } from "./money";
import { chargeOf, creditNoteOf, refundOf } from "./money-objects";
import type { Charge } from "./money-types";
import { customerOf, invoiceOf } from "./objects";
import { invalid } from "./problem";

export interface RefundOrder {
  /** By default the whole rest of the charge. */
  amount?: number | undefined;
  reason?: RefundSpec["reason"] | undefined;
  metadata?: Record<string, string> | undefined;
}

/** Refunds a charge in full or in part: emits the refund first, then the changed charge. */
export function refundCharge(step: StripeStep, charge: Charge, order: RefundOrder = {}): RefundSpec {
  const { state } = step;
  const left = charge.amount - charge.refunded;
  const amount = order.amount ?? left;
  if (!hasSucceeded(charge)) throw invalid(`Charge ${charge.id} is ${charge.status}; it cannot be refunded.`, "charge");
  if (charge.disputed) {
    throw invalid(`Charge ${charge.id} has been charged back; cannot issue a refund.`, undefined, "charge_disputed");
  }
  if (left === 0) {
    throw invalid(`Charge ${charge.id} has already been refunded.`, undefined, "charge_already_refunded");
  }
  if (amount < 1) throw invalid("Invalid positive integer", "amount", "parameter_invalid_integer");
  if (amount > left) {
    const message = `Refund amount (${amountText(amount)}) is greater than unrefunded amount on charge (${amountText(left)})`;
    throw invalid(message, "amount");
  }
  const refund: RefundSpec = {
    id: nextId(state, "re"),
    charge: charge.id,
    customer: charge.customer,
    paymentMethod: charge.paidWith?.id ?? null,
    amount,
    reason: order.reason ?? null,
    created: seconds(step),
    metadata: { ...order.metadata },
  };
  moneyOf(state).refunds.push(refund);
  emitEvent(step, "refund.created", refundOf(refund));
  const object = () => chargeOf(state, charge);
  emitChange(step, "charge.refunded", object, () => {
    charge.refunded += amount;
  });
  return refund;
}

export interface CreditOrder {
  amount: number;
  /** The part that is refunded to the card; the rest goes to the customer's balance. */
  refundAmount: number;
  reason: CreditNoteSpec["reason"];
  memo: string | null;
}

/** Reduces the open amount of an invoice first; the paid part is refunded or credited. */
export function issueCreditNote(step: StripeStep, invoice: Invoice, order: CreditOrder): CreditNoteSpec {
  const { state } = step;
  const { amount } = order;
  if (invoice.status !== "open" && invoice.status !== "paid") {
    throw invalid(
      `You can only create a credit note for an open or paid invoice, this one is ${invoice.status}.`,
      "invoice",
    );
  }
  const money = moneyOf(state);
  const earlier = money.creditNotes.filter((note) => note.invoice === invoice.id);
  const { total, due } = invoiceAmounts(invoice);
  if (amount > total - earlier.reduce((sum, note) => sum + note.amount, 0)) {
    throw invalid(
      "The sum of credit amount, refund amount and out of band amount exceeds the credit note amount.",
      "amount",
    );
  }
  const prePayment = invoice.status === "open" ? Math.min(amount, due) : 0;
  const postPayment = amount - prePayment;
  if (order.refundAmount > postPayment) throw invalid("The refund exceeds what was paid.", "refund_amount");
  const charge = chargeOfInvoice(state, invoice.id);
  if (order.refundAmount > 0 && charge === undefined)
    throw invalid("The invoice has no charge to refund.", "refund_amount");
  const refund =
    order.refundAmount > 0 && charge ? refundCharge(step, charge, { amount: order.refundAmount }) : undefined;
  const note: CreditNoteSpec = {
    id: nextId(state, "cn"),
    customer: state.customer.id,
    invoice: invoice.id,
    number: `${invoice.number}-CN-${String(earlier.length + 1).padStart(2, "0")}`,
    amount,
    prePayment,
    refund: refund?.id ?? null,
    reason: order.reason,
    memo: order.memo,
    pdf: `${state.site}${paths().api}/sandbox/stripe/invoice/${invoice.id}/pdf`,
    created: seconds(step),
  };
  money.creditNotes.push(note);
  emitEvent(step, "credit_note.created", creditNoteOf(note));
  credit(step, invoice, note, postPayment - order.refundAmount);
  return note;
}

function credit(step: StripeStep, invoice: Invoice, { prePayment, amount }: CreditNoteSpec, toBalance: number): void {
  const { state } = step;
  emitChange(
    step,
    "customer.updated",
    () => customerOf(state),
    () => {
      state.customer.balance -= toBalance;
    },
  );
  emitChange(
    step,
    "invoice.updated",
    () => invoiceOf(state, invoice),
    () => {
      const { creditNotes = { prePayment: 0, postPayment: 0 } } = invoice;
      invoice.creditNotes = {
        prePayment: creditNotes.prePayment + prePayment,
        postPayment: creditNotes.postPayment + amount - prePayment,
      };
    },
  );
  // With nothing left to pay, Stripe marks the invoice as paid.
  if (invoice.status === "open" && invoiceAmounts(invoice).due === 0) collect(step, invoice);
}
