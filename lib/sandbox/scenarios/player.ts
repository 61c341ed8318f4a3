/** One subscription at either processor, played in the same words; each thing that happens gives the events it sends. */

import type { Instant, Interval, Processor, Status } from "@/lib/billing/types";
import { type Price, sandboxPriceId } from "@/lib/config/catalog";
import { priceLists, sellable } from "@/lib/config/current-catalog";
import { env } from "@/lib/core/env";
import { playPaddleSubscription } from "@/lib/processors/paddle/played";
import { playSubscription } from "@/lib/processors/stripe/played";

/** An event to deliver, and what it is about. */
export interface Told {
  processor: Processor;
  id: string;
  type: string;
  /** The bytes that are signed. */
  raw: Uint8Array;
}

export interface Player {
  processor: Processor;
  subscription: string;
  /** The transaction of our own checkout, where the processor links by it. */
  transaction: string | null;
  periodEnd: () => Instant;
  /** It begins: what comes of its making, its first payment included where it is no trial. */
  begins: () => Told[];
  planChanges: (plan: string, at: Instant) => Told[];
  /** The next period begins, before it is charged for. */
  renews: (at: Instant, plan?: string) => Told[];
  renewalIsPaid: (at: Instant) => Told[];
  renewalFails: (at: Instant) => Told[];
  paymentRecovers: (at: Instant) => Told[];
  intervalSwitches: (interval: Interval, at: Instant) => Told[];
  isCanceledForItsEnd: (at: Instant) => Told[];
  ends: (at: Instant) => Told[];
  pauses: (at: Instant) => Told[];
  resumes: (at: Instant) => Told[];
}

export interface Part {
  /** The processor's id of the subscription. */
  id: string;
  /** What event ids are made from: unlike any before, or the events would count as delivered. */
  name: string;
  userId: string;
  customer: string | undefined;
  price: Price;
  startsAt: Instant;
  periodEnd?: Instant;
  status: Extract<Status, "active" | "trialing" | "past_due" | "unpaid">;
}

/** Takes up a subscription's part, from its beginning or in the middle of a period. */
export function player(processor: Processor, part: Part): Player {
  return processor === "stripe" ? stripePlayer(part) : paddlePlayer(part);
}

function stripePlayer(part: Part): Player {
  const { customer, periodEnd } = part;
  const played = playSubscription({ ...part, ...(customer && { customer }), ...(periodEnd && { periodEnd }) });
  const trial = part.status === "trialing";
  return {
    processor: "stripe",
    subscription: part.id,
    transaction: null,
    periodEnd: played.periodEnd,
    begins: () =>
      told("stripe", played.created(), ...(trial ? [] : [played.paid("subscription_create", part.startsAt)])),
    planChanges: (plan, at) => told("stripe", played.planChanged(plan, at)),
    renews: (at, plan) => told("stripe", played.renewed({ at, status: "active", ...(plan && { plan }) })),
    renewalIsPaid: (at) => told("stripe", played.paid("subscription_cycle", at)),
    renewalFails: (at) =>
      told("stripe", played.changed({ status: "past_due" }, at), played.paymentFailed("subscription_cycle", at)),
    paymentRecovers: (at) =>
      told("stripe", played.paid("subscription_cycle", at), played.changed({ status: "active" }, at)),
    intervalSwitches: (interval, at) => told("stripe", played.intervalSwitched(interval, at)),
    isCanceledForItsEnd: (at) => told("stripe", played.changed({ cancelAtPeriodEnd: true }, at)),
    ends: (at) => told("stripe", played.deleted(at)),
    pauses: (at) => told("stripe", played.changed({ status: "paused" }, at)),
    resumes: (at) => told("stripe", played.changed({ status: "active" }, at)),
  };
}

function paddlePlayer({ status, ...part }: Part): Player {
  const { customer, periodEnd, userId } = part;
  const played = playPaddleSubscription({
    ...part,
    status: status === "trialing" ? status : "active",
    customData: { user_id: userId },
    ...(customer && { customer }),
    ...(periodEnd && { periodEnd }),
  });
  const trial = status === "trialing";
  return {
    processor: "paddle",
    subscription: part.id,
    transaction: played.transaction,
    periodEnd: played.periodEnd,
    begins: () =>
      told("paddle", played.created(), ...(trial ? [] : [played.activated(), played.paid("web", part.startsAt)])),
    planChanges: (plan, at) => told("paddle", played.planChanged(plan, at)),
    renews: (at, plan) => told("paddle", played.renewed({ at, ...(plan && { plan }) })),
    renewalIsPaid: (at) => told("paddle", played.paid("subscription_recurring", at)),
    renewalFails: (at) => told("paddle", played.paymentFailed(at), played.pastDue(at)),
    paymentRecovers: (at) =>
      told("paddle", played.paid("subscription_recurring", at), played.changed({ status: "active" }, at)),
    intervalSwitches: (interval, at) => told("paddle", played.intervalSwitched(interval, at)),
    isCanceledForItsEnd: (at) =>
      told("paddle", played.changed({ scheduledChange: { action: "cancel", effectiveAt: played.periodEnd() } }, at)),
    ends: (at) => told("paddle", played.canceled(at)),
    pauses: (at) => told("paddle", played.paused(at)),
    resumes: (at) => told("paddle", played.resumed(at, { newPeriod: false })),
  };
}

function told(processor: Processor, ...events: Record<string, unknown>[]): Told[] {
  return events.map((event) => ({
    processor,
    id: String(event.id ?? event.event_id),
    type: String(event.type ?? event.event_type),
    raw: Buffer.from(withSoldPrices(processor, JSON.stringify(event))),
  }));
}

/** The builders write the sandbox's price ids; where others are configured, those are what the processor would send. */
function withSoldPrices(processor: Processor, text: string): string {
  const { sold } = priceLists(processor, process.env, { sandbox: env().sandbox });
  return sellable().reduce((written, price) => {
    const id = sandboxPriceId(processor, price);
    const configured = sold(price);
    return configured === undefined || configured === id
      ? written
      : written.replaceAll(JSON.stringify(id), JSON.stringify(configured));
  }, text);
}
