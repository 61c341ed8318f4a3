/** An admin replays or dismisses an event, and links a customer or subscription to a user. */
import { z } from "zod";
import type { Processor } from "@/lib/billing/types";
import { processorSchema } from "@/lib/config/schemas";
import { PROCESSORS } from "@/lib/config/terms";
import { DomainError } from "@/lib/core/domain-error";
import { identifier } from "@/lib/core/text";
import type { EventOutcome, Gateway } from "@/lib/database";
import { moveSubscription } from "./move-subscription";
import { type Outcome, processStoredEvent } from "./process-event";

const text = identifier();

interface CustomerLink {
  processor: Processor;
  customerId: string;
  userId: string;
}

interface SubscriptionLink {
  processor: Processor;
  subscriptionId: string;
  userId: string;
}

/** A customer or a subscription, and its new user. */
export type LinkRequest = CustomerLink | SubscriptionLink;

export const linkRequest = z
  .strictObject({
    processor: processorSchema,
    customerId: text.optional(),
    subscriptionId: text.optional(),
    userId: text,
  })
  .transform(({ processor, customerId, subscriptionId, userId }, context): LinkRequest => {
    if (customerId !== undefined && subscriptionId === undefined) return { processor, customerId, userId };
    if (subscriptionId !== undefined && customerId === undefined) return { processor, subscriptionId, userId };
    context.addIssue({ code: "custom", path: ["customerId"], message: "is needed, or subscriptionId: one of the two" });
    return z.NEVER;
  });

export const linkList = z
  .array(linkRequest)
  .min(1, { error: "names at least one link" })
  .max(100, { error: "names 100 links at most" });

/**
 * Decides a stored event again from its bytes: a dead one, a dismissed one, or one whose price is listed now. An applied
 * event is a duplicate and changes nothing.
 * @throws DomainError not_found, DatabaseError
 */
export async function replay(processor: string, id: string, gateway: Gateway): Promise<Outcome> {
  const known = processorNamed(processor);
  const { outcome, decision } = await gateway.reopenWebhookEvent(known, id);
  if (outcome === "applied" || outcome === "ignored") return { outcome: "duplicate", decision };
  return processStoredEvent(known, id, gateway);
}

/**
 * Ignores an event that waits for a link, a price or a correction that will not come. A replay still decides it.
 * @throws DomainError not_found, DatabaseError not_found, conflict for an event that does not wait
 */
export async function dismiss(processor: string, id: string, gateway: Gateway): Promise<Outcome> {
  const { reason } = await gateway.dismissWebhookEvent(processorNamed(processor), id);
  return { outcome: "ignored", ...(reason !== null && { reason }) };
}

/** @throws DomainError not_found if there is no such processor */
function processorNamed(name: string): Processor {
  const known = PROCESSORS.find((processor) => processor === name);
  if (known === undefined) throw new DomainError("not_found", "event_not_found", "There is no such event.");
  return known;
}

export interface Linked {
  linked: true;
  /** Events that waited for the link, and their outcomes. */
  events: { id: string; outcome: EventOutcome | null }[];
  /** The former user of a moved subscription; it counts for the new user from `at` on. */
  moved?: { from: string; at: string };
}

/**
 * Links a customer, or moves or links a subscription.
 * @throws DatabaseError conflict if the customer is another user's, not_found if no event has named the subscription
 */
export function link(request: LinkRequest, gateway: Gateway): Promise<Linked> {
  return "customerId" in request ? linkCustomer(request, gateway) : linkSubscription(request, gateway);
}

/**
 * Links a customer to a user, and decides the events that waited for it.
 * @throws DatabaseError conflict if the customer is another user's
 */
export async function linkCustomer({ processor, customerId, userId }: CustomerLink, gateway: Gateway): Promise<Linked> {
  const { waiting } = await gateway.linkCustomer(processor, customerId, userId, "admin");
  return processWaiting(processor, waiting, gateway);
}

/**
 * Moves a subscription to a user. If it has no user yet, links it and decides the events that waited for it.
 * @throws DatabaseError not_found if no event has named the subscription
 */
async function linkSubscription(
  { processor, subscriptionId, userId }: SubscriptionLink,
  gateway: Gateway,
): Promise<Linked> {
  const { from, at } = await moveSubscription({ processor, subscription: subscriptionId, userId }, gateway);
  if (from !== null && at !== null) {
    return { linked: true, events: [], moved: { from, at: new Date(at).toISOString() } };
  }
  const { waiting } = await gateway.linkSubscription(processor, subscriptionId, userId);
  return processWaiting(processor, waiting, gateway);
}

async function processWaiting(processor: Processor, waiting: readonly string[], gateway: Gateway): Promise<Linked> {
  for (const id of waiting) await processStoredEvent(processor, id, gateway);
  const events = [];
  for (const id of waiting) events.push({ id, outcome: (await gateway.loadWebhookEvent(processor, id)).outcome });
  return { linked: true, events };
}
