/** Drafts and finalizes invoices. */
import { invoiceAmounts, type LineSpec } from "../event-builders/stripe/events";
import { type Invoice, nextId, type StripeStep, type Subscription, seconds } from "./account-state";
import { endOneTimeDiscounts } from "./discounts";
import { emitChange, emitEvent } from "./emit";
import { customerOf, invoiceOf } from "./objects";

const DAY_SECONDS = 86_400;

/** Stripe finalizes and charges a draft after an hour. */
export const DRAFT_SECONDS = 3_600;

interface Draft {
  id: string;
  billingReason: Invoice["billingReason"];
  lines: Omit<LineSpec, "id">[];
  periodStart: number;
  periodEnd: number;
  /** null: the caller finalizes it at once. */
  finalizesAt: number | null;
  forUpdate?: boolean;
  resumes?: Invoice["resumes"];
  autoAdvance?: boolean;
}

/** Creates an invoice and emits its event; does not finalize it. */
export function draft(step: StripeStep, subscription: Subscription, { lines, ...spec }: Draft): Invoice {
  const { state } = step;
  const invoice: Invoice = {
    customer: state.customer.id,
    subscription: subscription.id,
    metadata: { ...subscription.metadata },
    created: seconds(step),
    status: "draft",
    attemptCount: 0,
    forUpdate: false,
    ...(subscription.collectionMethod && { collectionMethod: subscription.collectionMethod }),
    ...(subscription.automaticTax && { automaticTax: true, country: state.customer.country ?? null }),
    ...spec,
    lines: lines.map((line) => ({ ...line, id: nextId(state, "il") })),
  };
  state.invoices.push(invoice);
  emitEvent(step, "invoice.created", invoiceOf(state, invoice));
  endOneTimeDiscounts(step, subscription, invoice.lines);
  return invoice;
}

/** Sets the invoice's number and, if it is sent, its due date; applies the customer's credit. */
export function finalize(step: StripeStep, invoice: Invoice): void {
  const { state } = step;
  const { customer } = state;
  customer.invoices += 1;
  const startingBalance = customer.balance;
  const { ending } = invoiceAmounts({ lines: invoice.lines, startingBalance });
  Object.assign(invoice, {
    status: "open",
    number: `${customer.id.slice(4, 12).toUpperCase()}-${String(customer.invoices).padStart(4, "0")}`,
    finalizedAt: seconds(step),
    finalizesAt: null,
    startingBalance,
  });
  if (isSent(invoice)) {
    const { daysUntilDue } = chargedSubscription(step, invoice);
    invoice.dueDate = seconds(step) + (daysUntilDue ?? 30) * DAY_SECONDS;
  }
  emitEvent(step, "invoice.finalized", invoiceOf(state, invoice));
  emitChange(
    step,
    "customer.updated",
    () => customerOf(state),
    () => {
      customer.balance = ending;
    },
  );
}

export function isSent({ collectionMethod }: Invoice): boolean {
  return collectionMethod === "send_invoice";
}

/** The subscription that the invoice charges. */
export function chargedSubscription({ state }: StripeStep, invoice: Invoice): Subscription {
  const found = state.subscriptions.find(({ id }) => id === invoice.subscription);
  if (found === undefined) throw new Error(`${invoice.id} is of no subscription.`);
  return found;
}
