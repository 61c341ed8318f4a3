/** Subscriptions and their signed events, as Stripe sends them. */
import { addMonths, HOUR_MS } from "@/lib/billing/timeline/calendar";
import type { Instant } from "@/lib/billing/types";
import { priceLists } from "@/lib/config/current-catalog";
import { SANDBOX } from "@/lib/core/env";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { stripe } from "@/lib/processors/stripe";
import { sign } from "@/lib/sandbox/event-builders/stripe/events";
import {
  type FakeStripeSubscription,
  fakeStripeSubscription,
} from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { commitFacts } from "@/lib/webhooks/commit-facts";
import type { Route } from "./routes";

export type StripeEvent = ReturnType<FakeStripeSubscription["created"]>;

/** In the ids of all events of a bench; the demo users have events too. */
export const BENCH = "bench";

/** A Basic subscription of the writer that began so many whole months and an hour ago. Its next period can begin. */
export function subscriptionOf(userId: string, monthsAgo: number): FakeStripeSubscription {
  return subscriptionFrom(userId, addMonths(Date.now() - HOUR_MS, -monthsAgo));
}

export function subscriptionFrom(userId: string, startsAt: Instant): FakeStripeSubscription {
  return fakeStripeSubscription({
    id: `sub_${BENCH}${userId.replaceAll("-", "")}`,
    userId,
    price: { product: "writer", plan: "basic", interval: "monthly" },
    startsAt,
  });
}

/** The delivery of an event, signed now: its signature is valid for five minutes. */
export function deliveryOf(event: StripeEvent): Route {
  const raw = JSON.stringify(event);
  const signature = sign(raw, SANDBOX.stripeWebhookSecret, Math.floor(Date.now() / 1000));
  const headers = { "stripe-signature": signature };
  return { name: "renewal webhook", path: "/api/webhook/stripe", body: () => raw, headers, status: 200 };
}

/** The two events of a renewal that change something: the next period, then its payment. */
export function renewal(subscription: FakeStripeSubscription): [StripeEvent, StripeEvent] {
  const start = subscription.periodEnd();
  return [subscription.renewed(), subscription.paid("subscription_cycle", start)];
}

/** Ten events: a renewal, an upgrade, a downgrade, changes of the card, and the invoices. */
export function eventfulMonth(subscription: FakeStripeSubscription): StripeEvent[] {
  const { changed, paid, planChanged, renewed, periodEnd } = subscription;
  const start = periodEnd();
  const after = (days: number) => start + days * 24 * HOUR_MS;
  return [
    renewed(),
    paid("subscription_cycle", start),
    paid("subscription_cycle", start, "invoice.payment_succeeded"),
    changed({ defaultPaymentMethod: "pm_of_the_first_card" }, after(2)),
    planChanged("plus", after(5)),
    paid("subscription_update", after(5)),
    paid("subscription_update", after(5), "invoice.payment_succeeded"),
    changed({ defaultPaymentMethod: "pm_of_the_second_card" }, after(9)),
    planChanged("basic", after(12)),
    changed({ defaultPaymentMethod: "pm_of_the_third_card" }, after(20)),
  ];
}

/** Stores the facts of all events in one commit, as if each had been delivered. Deliveries in turn would take minutes. */
export async function storeHistory(databaseUrl: string, userId: string, events: readonly StripeEvent[]): Promise<void> {
  const { find } = priceLists("stripe", {}, { sandbox: true });
  const facts = events.flatMap((event) => {
    const parsed = stripe.parse(Buffer.from(JSON.stringify(event)));
    const normalized = parsed.ok ? stripe.normalize(parsed.event, find) : undefined;
    if (normalized?.outcome !== "facts") throw new Error(`No facts: ${JSON.stringify(normalized)}`);
    return normalized.facts.map(({ fact }) => fact);
  });
  const gateway = createGateway(postgresTransport(databaseUrl, { connections: 1 }));
  try {
    const event = { processor: "stripe", id: `evt_history_of_${userId}`, type: "bench" } as const;
    await commitFacts({ event, userId, product: "writer", facts }, gateway);
  } finally {
    await gateway.end();
  }
}
