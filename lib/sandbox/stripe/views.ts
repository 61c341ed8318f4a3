/** The views of the hosted pages; instants as ISO text, amounts in US cents. */
import { invoiceAmounts } from "../event-builders/stripe/events";
import { type AccountState, type Invoice, isLive, type Session, type Subscription } from "./account-state";
import { couponNamed, PROMOTION_CODES, TEST_CODES } from "./coupons";
import { methodFor } from "./invoices";
import { type RefundSummary, reductionsOf, refundSummaryOf } from "./money-actions";
import { products, sessionOf } from "./objects";
import { sessionLines } from "./priced";
import { COUNTRIES } from "./tax";

export interface OrderLine {
  name: string;
  amount: number;
  interval: "month" | "year";
}

export interface CheckoutView {
  status: Session["status"];
  lines: OrderLine[];
  dueToday: number;
  /** The price of a period, after the discount and with the tax. */
  recurring: number;
  /** The applied discount, with its coupon's name; null without one. */
  discount: { name: string; code: string | null; amount: number } | null;
  tax: number;
  /** The codes to try; null if the page takes none. */
  codes: readonly { code: string; does: string }[] | null;
  /** The payer's country, and the choices; null without automatic tax. */
  country: CountryChoice | null;
  /** The end of the trial, when the first charge is made; null without a trial. */
  trialUntil: string | null;
  /** The trial may begin without a card. */
  cardOptional: boolean;
  email: string | null;
  name: string | null;
  /** The addresses after a payment, and without one. */
  successUrl: string;
  cancelUrl: string | null;
  now: string;
}

export interface CountryChoice {
  chosen: string | null;
  countries: readonly { code: string; name: string }[];
}

export interface PortalView {
  email: string | null;
  /** null without automatic tax. */
  country: CountryChoice | null;
  card: string | null;
  subscriptions: {
    id: string;
    lines: OrderLine[];
    status: Subscription["status"];
    live: boolean;
    periodEnd: string;
    /** The scheduled end; null without one. */
    endsAt: string | null;
    endedAt: string | null;
    /** It has a schedule, so the portal cannot change it. */
    scheduled: boolean;
  }[];
  invoices: InvoiceSummary[];
  returnUrl: string | null;
  now: string;
}

export interface InvoiceSummary {
  id: string;
  number: string | null;
  at: string;
  total: number;
  due: number;
  status: Invoice["status"];
}

export interface InvoiceView extends InvoiceSummary {
  lines: { id: string; description: string; amount: number; from: string; until: string }[];
  /** The part that the customer's credit paid. */
  credit: number;
  discount: number;
  tax: number;
  taxIncluded: boolean;
  /** Refunds and dispute of its charge; null without a charge. */
  refundSummary: RefundSummary | null;
  nextAttempt: string | null;
  /** When the bank answers to a processing debit. */
  processingUntil: string | null;
  email: string | null;
  card: string | null;
  now: string;
}

export function checkoutView(state: AccountState, id: string, now: number): CheckoutView | null {
  const session = state.sessions.find((each) => each.id === id);
  if (session === undefined) return null;
  const { email, name } = state.customer;
  const { amount_total, total_details } = sessionOf(state, session);
  const lines = sessionLines(session).map((line, index) => ({ ...line, id: String(index) }));
  const { discount } = reductionsOf(lines);
  return {
    status: session.status,
    lines: session.items.map(({ price, quantity }) => orderLine(price, quantity)),
    dueToday: amount_total,
    recurring: invoiceAmounts({ lines }).total,
    discount: discountName(session, discount),
    tax: total_details.amount_tax,
    codes: session.allowPromotionCodes ? TEST_CODES : null,
    country: session.automaticTax ? { chosen: session.country ?? null, countries: COUNTRIES } : null,
    trialUntil: trialUntil(session, now),
    cardOptional: session.trialEnd !== null && session.paymentMethodCollection === "if_required",
    email: session.customerEmail ?? email,
    name,
    successUrl: session.successUrl.replaceAll("{CHECKOUT_SESSION_ID}", session.id),
    cancelUrl: session.cancelUrl,
    now: iso(now),
  };
}

export function portalView(state: AccountState, id: string, now: number): PortalView | null {
  const portal = state.portals.find((each) => each.id === id);
  if (portal === undefined) return null;
  return {
    email: state.customer.email,
    country: state.subscriptions.some((each) => isLive(each) && each.automaticTax)
      ? { chosen: state.customer.country ?? null, countries: COUNTRIES }
      : null,
    card: methodFor(state, state.subscriptions.find(isLive) ?? {}),
    subscriptions: state.subscriptions.toReversed().map((subscription) => ({
      id: subscription.id,
      lines: subscription.items.map(({ price, quantity = 1 }) => orderLine(price, quantity)),
      status: subscription.status,
      live: isLive(subscription),
      periodEnd: iso(subscription.periodEnd * 1000),
      endsAt: at(subscription.cancelAtPeriodEnd ? subscription.periodEnd : subscription.cancelAt),
      endedAt: at(subscription.endedAt),
      scheduled: Boolean(subscription.schedule),
    })),
    invoices: state.invoices
      .filter(({ status }) => status !== "draft")
      .toReversed()
      .map(summary),
    returnUrl: portal.returnUrl,
    now: iso(now),
  };
}

export function invoiceView(state: AccountState, id: string, now: number): InvoiceView | null {
  const invoice = state.invoices.find((each) => each.id === id && each.status !== "draft");
  if (invoice === undefined) return null;
  const { total, due } = invoiceAmounts(invoice);
  return {
    ...summary(invoice),
    lines: invoice.lines.map((line) => ({
      id: line.id,
      description: line.description,
      amount: line.amount,
      from: iso(line.periodStart * 1000),
      until: iso(line.periodEnd * 1000),
    })),
    credit: Math.max(0, total - due),
    ...reductionsOf(invoice.lines),
    refundSummary: refundSummaryOf(state, invoice.id),
    nextAttempt: at(invoice.nextPaymentAttempt),
    processingUntil: at(invoice.debit?.answersAt),
    email: state.customer.email,
    card: methodFor(state, state.subscriptions.find((each) => each.id === invoice.subscription) ?? {}),
    now: iso(now),
  };
}

function summary(invoice: Invoice): InvoiceSummary {
  const { id, number = null, status, created, finalizedAt } = invoice;
  const { total, due } = invoiceAmounts(invoice);
  return { id, number, at: iso((finalizedAt ?? created) * 1000), total, due, status };
}

function discountName({ discounts = [] }: Session, amount: number): CheckoutView["discount"] {
  const [applied] = discounts;
  if (applied === undefined) return null;
  const code = PROMOTION_CODES.find(({ id }) => id === applied.promotionCode)?.code ?? null;
  return { name: couponNamed(applied.coupon)?.name ?? applied.coupon, code, amount };
}

function orderLine(price: Session["items"][number]["price"], quantity: number): OrderLine {
  const name = products().find(({ id }) => id === price.product)?.name ?? price.nickname;
  return { name, amount: price.unitAmount * quantity, interval: price.interval };
}

function trialUntil({ trialEnd }: Session, now: number): string | null {
  if (trialEnd === null) return null;
  return iso("at" in trialEnd ? trialEnd.at * 1000 : now + trialEnd.days * 86_400_000);
}

function at(seconds: number | null | undefined): string | null {
  return seconds ? iso(seconds * 1000) : null;
}

function iso(instant: number): string {
  return new Date(instant).toISOString();
}
