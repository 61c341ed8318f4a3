/** Stripe's answers in the product's words. Throws `ProcessorError` (`unavailable`) for what Stripe does not document. */
import type Stripe from "stripe";
import type { Instant } from "@/lib/billing/types";
import type { FindPrice } from "@/lib/config/catalog";
import type { CheckoutState, Invoice, SubscriptionReading } from "../processor-client";
import { readingOf } from "../reading";
import { unreadable } from "./client-call";
import { refundedOf, sumOf } from "./client-money";
import { readInstant, readMoney } from "./client-values";
import { normalize } from "./normalize";
import { idOf } from "./reference";

/** The invoice, or nothing while it is a draft: its amount may change yet, and nobody owes it. */
export function readInvoice(invoice: Stripe.Invoice, refunds: ReadonlyMap<string, number> = new Map()): Invoice[] {
  const status = INVOICE_STATUS[invoice.status ?? "draft"];
  if (status === undefined || !invoice.id) return [];
  const at = invoice.status_transitions?.finalized_at ?? invoice.created;
  return [
    {
      id: invoice.id,
      number: invoice.number ?? null,
      at: readInstant("invoice.created", at),
      total: readMoney(invoice.total, invoice.currency),
      tax: sumOf(invoice.total_taxes, invoice.currency),
      discount: sumOf(invoice.total_discount_amounts, invoice.currency),
      refunded: refundedOf(invoice, refunds),
      status,
      url: invoice.hosted_invoice_url ?? null,
      pdf: invoice.invoice_pdf ?? null,
    },
  ];
}

const INVOICE_STATUS: Readonly<Record<string, Invoice["status"]>> = {
  paid: "paid",
  open: "open",
  // Written off by the merchant's books, and still payable.
  uncollectible: "open",
  void: "void",
};

/** The latest instant that an invoice charges for; a credit's line names the end of a period that is given back. */
export function chargedUntil({ lines }: Pick<Stripe.Invoice, "lines">): Instant | null {
  const ends = lines.data.filter(({ amount }) => amount > 0).map(({ period }) => period.end * 1000);
  return ends.length === 0 ? null : Math.max(...ends);
}

/** `unpaid` and complete is a payment under way (a bank debit): nothing else may be sold meanwhile. */
export function readCheckoutState({ status, subscription }: Stripe.Checkout.Session): CheckoutState {
  if (status === "complete") return { state: "paid", subscription: idOf(subscription) };
  return { state: status === "expired" ? "expired" : "open" };
}

/**
 * The subscription as a snapshot, through the same normalizer as its events. Its instant is one at which the answer was
 * already true by Stripe's clock: what happened since sorts after it, and what it shows already cannot come back by a
 * delivery that is late.
 */
export function readSubscription(
  subscription: Stripe.Response<Stripe.Subscription>,
  { askedAt, elapsed, findPrice }: { askedAt: Instant; elapsed: number; findPrice: FindPrice },
): SubscriptionReading {
  const at = readAt(subscription, askedAt, elapsed);
  const { lastResponse: _, ...object } = subscription;
  const ended = subscription.status === "canceled" || subscription.status === "incomplete_expired";
  const normalized = normalize(
    {
      processor: "stripe",
      id: `read:${subscription.id}:${at}`,
      type: ended ? "customer.subscription.deleted" : "customer.subscription.updated",
      livemode: subscription.livemode,
      account: null,
      occurredAt: at,
      payload: { data: { object: { ...object } } },
    },
    findPrice,
  );
  if (normalized.outcome !== "facts" && normalized.outcome !== "unpriced") {
    throw unreadable("subscription", normalized.reason);
  }
  return { identity: normalized.identity, ...readingOf(normalized), datedBy: "reading" };
}

/** By Stripe's own clock where it says, less the time the answer took; never before what the object itself names. */
function readAt(subscription: Stripe.Response<Stripe.Subscription>, askedAt: Instant, elapsed: number): Instant {
  const answeredAt = Date.parse(subscription.lastResponse?.headers?.date ?? "");
  const read = Number.isNaN(answeredAt) ? askedAt : answeredAt - elapsed;
  const named = [
    subscription.created,
    subscription.canceled_at,
    subscription.ended_at,
    ...subscription.items.data.map(({ current_period_start }) => current_period_start),
  ].flatMap((seconds) => (seconds === null ? [] : [seconds * 1000]));
  // A trial's start may lie in the past of its creation, a period's never in the future of what is known.
  return Math.max(Math.floor(read / 1000) * 1000, ...named);
}
