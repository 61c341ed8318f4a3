/** Reads Stripe's responses. Throws `ProcessorError` (`unavailable`) if one differs from Stripe's documentation. */
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

/** Reads an invoice. The list is empty for a draft: its amount may change, and it is not owed yet. */
export function readInvoice(invoice: Stripe.Invoice, refunds: ReadonlyMap<string, number>): Invoice[] {
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
  // The merchant has written it off, but customers can still pay it.
  uncollectible: "open",
  void: "void",
};

/** The end of the time that an invoice charges for. Credit lines are left out: they name the credited period. */
export function chargedUntil({ lines }: Pick<Stripe.Invoice, "lines">): Instant | null {
  const ends = lines.data.filter(({ amount }) => amount > 0).map(({ period }) => period.end * 1000);
  return ends.length === 0 ? null : Math.max(...ends);
}

/** A complete but unpaid session is a bank debit in progress. It counts as paid, so that no second purchase is sold. */
export function readCheckoutState({ status, subscription }: Stripe.Checkout.Session): CheckoutState {
  if (status === "complete") return { state: "paid", subscription: idOf(subscription) };
  return { state: status === "expired" ? "expired" : "open" };
}

/**
 * Reads the subscription as a snapshot, through the same normalizer as its events. It is dated at a time of Stripe's clock at
 * which the response was true already. So later events sort after it, and late deliveries cannot undo it.
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
  return { identity: normalized.identity, ...readingOf(normalized), timestampSource: "fetch" };
}

/** Stripe's clock less the duration of the request, else our clock; never before the times in the object. */
function readAt(subscription: Stripe.Response<Stripe.Subscription>, askedAt: Instant, elapsed: number): Instant {
  const answeredAt = Date.parse(subscription.lastResponse?.headers?.date ?? "");
  const read = Number.isNaN(answeredAt) ? askedAt : answeredAt - elapsed;
  const named = [
    subscription.created,
    subscription.canceled_at,
    subscription.ended_at,
    ...subscription.items.data.map(({ current_period_start }) => current_period_start),
  ].flatMap((seconds) => (seconds === null ? [] : [seconds * 1000]));
  // A trial may start before the subscription's creation. A period never starts after Stripe's present time.
  return Math.max(Math.floor(read / 1000) * 1000, ...named);
}
