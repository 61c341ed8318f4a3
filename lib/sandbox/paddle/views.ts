/** The views of the hosted pages; instants as ISO text, amounts in US cents. */
import { type LineSpec, sumOfLines } from "../event-builders/paddle/events";
import type { InvoiceDocument } from "../pdf";
import { type AccountState, isLive, type Status, type Subscription, type Transaction } from "./account-state";
import { titleOf } from "./api/catalog";
import { discountNamed } from "./discounts";
import { afterPayment, defaultPaymentLink } from "./payment-link";
import { sumOf } from "./proration";
import { type Country, DEFAULT_COUNTRY } from "./tax";
import { dueOf, openOf } from "./transactions";

interface OrderLine {
  name: string;
  amount: number;
  interval: "month" | "year";
}

export interface CheckoutView {
  status: "open" | "complete" | "gone";
  lines: OrderLine[];
  /** Whether it begins a subscription; otherwise it pays an unpaid charge. */
  begins: boolean;
  dueToday: number;
  discount: { amount: number; code: string | null } | null;
  tax: number;
  /** Whether the payer can still enter a country and a code. */
  draft: boolean;
  country: Country;
  email: string | null;
  name: string | null;
  /** The page that opened the checkout; payers return to it with and without a payment. */
  returnUrl: string;
}

export interface PaymentView {
  name: string;
  status: Status;
  /** The digits of the current card. */
  card: string;
  /** The unpaid amount, which the new card is charged for. */
  due: number;
}

export interface PortalView {
  email: string | null;
  subscriptions: {
    id: string;
    lines: OrderLine[];
    status: Status;
    live: boolean;
    periodEnd: string | null;
    /** The scheduled change; null without one. */
    ends: { action: "cancel" | "pause" | "resume"; at: string } | null;
    endedAt: string | null;
    card: string;
  }[];
  invoices: { id: string; number: string | null; at: string; total: number; status: Transaction["status"] }[];
  now: string;
}

export function checkoutView(state: AccountState, id: string): CheckoutView | null {
  const transaction = state.transactions.find((each) => each.id === id);
  if (transaction === undefined) return null;
  const { status, lines, subscription, checkoutUrl, discountId } = transaction;
  const sums = sumOfLines(lines);
  const ended = state.subscriptions.some((each) => each.id === subscription && each.status === "canceled");
  const open = (status === "draft" || status === "ready" || status === "past_due") && !ended;
  return {
    status: open ? "open" : status === "paid" || status === "completed" ? "complete" : "gone",
    lines: lines.map(orderLine),
    begins: subscription === null || transaction.origin === "api",
    dueToday: dueOf(transaction),
    discount: sums.discount === 0 ? null : { amount: sums.discount, code: discountNamed(discountId)?.code ?? null },
    tax: sums.tax,
    draft: status === "draft",
    country: state.customer.country ?? DEFAULT_COUNTRY,
    email: state.customer.email,
    name: state.customer.name,
    returnUrl: afterPayment(checkoutUrl ?? defaultPaymentLink(state)),
  };
}

export function paymentView(state: AccountState, id: string): PaymentView | null {
  const subscription = state.subscriptions.find((each) => each.id === id);
  if (subscription === undefined) return null;
  const open = openOf(state, subscription);
  return {
    name: nameOf(subscription),
    status: subscription.status,
    card: subscription.card.number,
    due: open === undefined ? 0 : dueOf(open),
  };
}

export function portalView(state: AccountState, id: string, now: number): PortalView | null {
  if (!state.portals.some((each) => each.id === id)) return null;
  return {
    email: state.customer.email,
    subscriptions: state.subscriptions.toReversed().map((subscription) => {
      const { scheduledChange: change, period, status, canceledAt, card } = subscription;
      return {
        id: subscription.id,
        lines: subscription.items.map(({ price, quantity = 1 }) =>
          orderLine({ price, quantity, amount: price.unitAmount * quantity }),
        ),
        status,
        live: isLive(subscription),
        periodEnd: period && iso(period.end),
        ends: change ? { action: change.action, at: iso(change.effectiveAt) } : null,
        endedAt: canceledAt ? iso(canceledAt) : null,
        card: card.number,
      };
    }),
    invoices: state.transactions
      .filter(({ status, origin }) => INVOICED.has(status) && origin !== "subscription_payment_method_change")
      .toReversed()
      .map(({ id, invoiceNumber, billedAt, createdAt, lines, status }) => ({
        id,
        number: invoiceNumber,
        at: iso(billedAt ?? createdAt),
        total: sumOf(lines),
        status,
      })),
    now: iso(now),
  };
}

export function invoiceView(state: AccountState, id: string): InvoiceDocument | null {
  const transaction = state.transactions.find((each) => each.id === id && each.status === "completed");
  if (transaction === undefined) return null;
  const { lines, period, createdAt, billedAt, invoiceNumber, credit } = transaction;
  const billed = billedAt ?? createdAt;
  const sums = sumOfLines(lines);
  return {
    number: invoiceNumber,
    at: iso(billed),
    email: state.customer.email,
    lines: lines.map((line) => {
      const { start, end } = line.proration ?? period ?? { start: billed, end: billed };
      const { name, interval } = orderLine(line);
      return { description: `${name} (${interval}ly)`, amount: line.amount, from: iso(start), until: iso(end) };
    }),
    discount: sums.discount,
    tax: sums.tax,
    total: sums.total,
    credit,
    due: dueOf(transaction),
    status: "paid",
  };
}

const INVOICED: ReadonlySet<Transaction["status"]> = new Set(["billed", "past_due", "paid", "completed"]);

function nameOf({ items }: Subscription): string {
  return items.map(({ price }) => orderLine({ price, amount: price.unitAmount }).name).join(" and ");
}

function orderLine({ price, amount }: LineSpec): OrderLine {
  return { name: titleOf(price), amount, interval: price.interval };
}

function iso(instant: number): string {
  return new Date(instant).toISOString();
}
