/** Changes one fake subscription at either processor; each method returns the events that the processor would send. */

import type { Instant, Interval, Processor, Status } from "@/lib/billing/types";
import { type Price, sandboxPriceId } from "@/lib/config/catalog";
import { sellable } from "@/lib/config/current-catalog";
import { configuredPriceLists } from "@/lib/processors/price-lists";
import { fakePaddleSubscription } from "../event-builders/paddle/fake-subscription";
import { fakeStripeSubscription } from "../event-builders/stripe/fake-subscription";

export interface EventToDeliver {
  processor: Processor;
  id: string;
  type: string;
  /** The bytes that are signed. */
  raw: Uint8Array;
}

export interface SubscriptionDriver {
  processor: Processor;
  subscription: string;
  /** The transaction of our checkout, if the processor links by it. */
  transaction: string | null;
  periodEnd: () => Instant;
  /** Creates the subscription, and pays for it unless it is a trial. */
  begin: () => EventToDeliver[];
  changePlan: (plan: string, at: Instant) => EventToDeliver[];
  /** Begins the next period, before its charge. */
  renew: (at: Instant, plan?: string) => EventToDeliver[];
  payRenewal: (at: Instant) => EventToDeliver[];
  failRenewal: (at: Instant) => EventToDeliver[];
  recoverPayment: (at: Instant) => EventToDeliver[];
  switchInterval: (interval: Interval, at: Instant) => EventToDeliver[];
  cancelAtPeriodEnd: (at: Instant) => EventToDeliver[];
  end: (at: Instant) => EventToDeliver[];
  pause: (at: Instant) => EventToDeliver[];
  resume: (at: Instant) => EventToDeliver[];
}

export interface DriverSpec {
  /** The processor's id of the subscription. */
  id: string;
  /** Part of every event id. It must be new: events with known ids count as duplicates. */
  name: string;
  userId: string;
  customer: string | undefined;
  price: Price;
  startsAt: Instant;
  periodEnd?: Instant;
  status: Extract<Status, "active" | "trialing" | "past_due" | "unpaid">;
}

/** The driver of a new subscription, or of an existing one in the middle of a period. */
export function subscriptionDriver(processor: Processor, spec: DriverSpec): SubscriptionDriver {
  return processor === "stripe" ? stripeDriver(spec) : paddleDriver(spec);
}

function stripeDriver(spec: DriverSpec): SubscriptionDriver {
  const fake = fakeStripeSubscription(spec);
  const trial = spec.status === "trialing";
  return {
    processor: "stripe",
    subscription: spec.id,
    transaction: null,
    periodEnd: fake.periodEnd,
    begin: () =>
      toDeliver("stripe", fake.created(), ...(trial ? [] : [fake.paid("subscription_create", spec.startsAt)])),
    changePlan: (plan, at) => toDeliver("stripe", fake.planChanged(plan, at)),
    renew: (at, plan) => toDeliver("stripe", fake.renewed({ at, status: "active", ...(plan && { plan }) })),
    payRenewal: (at) => toDeliver("stripe", fake.paid("subscription_cycle", at)),
    failRenewal: (at) =>
      toDeliver("stripe", fake.changed({ status: "past_due" }, at), fake.paymentFailed("subscription_cycle", at)),
    recoverPayment: (at) =>
      toDeliver("stripe", fake.paid("subscription_cycle", at), fake.changed({ status: "active" }, at)),
    switchInterval: (interval, at) => toDeliver("stripe", fake.intervalSwitched(interval, at)),
    cancelAtPeriodEnd: (at) => toDeliver("stripe", fake.changed({ cancelAtPeriodEnd: true }, at)),
    end: (at) => toDeliver("stripe", fake.deleted(at)),
    pause: (at) => toDeliver("stripe", fake.changed({ status: "paused" }, at)),
    resume: (at) => toDeliver("stripe", fake.changed({ status: "active" }, at)),
  };
}

function paddleDriver({ status, ...spec }: DriverSpec): SubscriptionDriver {
  const fake = fakePaddleSubscription({
    ...spec,
    status: status === "trialing" ? status : "active",
    customData: { user_id: spec.userId },
  });
  const trial = status === "trialing";
  return {
    processor: "paddle",
    subscription: spec.id,
    transaction: fake.transaction,
    periodEnd: fake.periodEnd,
    begin: () =>
      toDeliver("paddle", fake.created(), ...(trial ? [] : [fake.activated(), fake.paid("web", spec.startsAt)])),
    changePlan: (plan, at) => toDeliver("paddle", fake.planChanged(plan, at)),
    renew: (at, plan) => toDeliver("paddle", fake.renewed({ at, ...(plan && { plan }) })),
    payRenewal: (at) => toDeliver("paddle", fake.paid("subscription_recurring", at)),
    failRenewal: (at) => toDeliver("paddle", fake.paymentFailed(at), fake.pastDue(at)),
    recoverPayment: (at) =>
      toDeliver("paddle", fake.paid("subscription_recurring", at), fake.changed({ status: "active" }, at)),
    switchInterval: (interval, at) => toDeliver("paddle", fake.intervalSwitched(interval, at)),
    cancelAtPeriodEnd: (at) =>
      toDeliver("paddle", fake.changed({ scheduledChange: { action: "cancel", effectiveAt: fake.periodEnd() } }, at)),
    end: (at) => toDeliver("paddle", fake.canceled(at)),
    pause: (at) => toDeliver("paddle", fake.paused(at)),
    resume: (at) => toDeliver("paddle", fake.resumed(at, { newPeriod: false })),
  };
}

function toDeliver(processor: Processor, ...events: Record<string, unknown>[]): EventToDeliver[] {
  return events.map((event) => ({
    processor,
    id: String(event.id ?? event.event_id),
    type: String(event.type ?? event.event_type),
    raw: Buffer.from(withSoldPrices(processor, JSON.stringify(event))),
  }));
}

/** Replaces the sandbox's price ids, which the builders write, by the configured ones. */
function withSoldPrices(processor: Processor, text: string): string {
  const { sold } = configuredPriceLists(processor);
  return sellable().reduce((written, price) => {
    const id = sandboxPriceId(processor, price);
    const configured = sold(price);
    return configured === undefined || configured === id
      ? written
      : written.replaceAll(JSON.stringify(id), JSON.stringify(configured));
  }, text);
}
