/** What an admin puts right by hand: an event that is decided again, a customer whose user nobody could tell. */
import { z } from "zod";
import type { EventOutcome, Gateway } from "@/lib/database";
import { HttpError } from "@/lib/http";
import type { Processor } from "./facts";
import { type Outcome, settleStored } from "./settle";

const PROCESSORS = ["stripe", "paddle"] as const satisfies Processor[];

const text = z
  .string()
  .regex(/^[^\p{Cc}\p{Cs}]{1,255}$/u, { error: "has 1 to 255 characters and no control characters" });
export const linkRequest = z.strictObject({ processor: z.enum(PROCESSORS), customerId: text, userId: text });

/**
 * Decides a stored event again from its bytes: a dead one, one whose price is known by now, one that was dismissed. One
 * that was applied is a duplicate and changes nothing.
 * @throws HttpError 404, DatabaseError
 */
export async function replay(processor: string, id: string, gateway: Gateway): Promise<Outcome> {
  const known = processorNamed(processor);
  const { outcome, decision } = await gateway.reopenWebhookEvent(known, id);
  if (outcome === "applied" || outcome === "ignored") return { outcome: "duplicate", decision };
  return settleStored(known, id, gateway);
}

/**
 * Ignores an event that waits for a link, a price or a correction that will not come. A replay still decides it.
 * @throws HttpError 404, DatabaseError not_found, conflict for an event that does not wait
 */
export async function dismiss(processor: string, id: string, gateway: Gateway): Promise<Outcome> {
  const { reason } = await gateway.dismissWebhookEvent(processorNamed(processor), id);
  return { outcome: "ignored", ...(reason !== null && { reason }) };
}

/** @throws HttpError 404: an event of a processor that does not exist does not exist either */
function processorNamed(name: string): Processor {
  const known = PROCESSORS.find((processor) => processor === name);
  if (known === undefined) throw new HttpError(404, "event_not_found", "There is no such event.");
  return known;
}

/**
 * Links a customer to a user, and folds in what waited for it.
 * @throws DatabaseError conflict where the customer is another user's already
 */
export async function linkCustomer(
  { processor, customerId, userId }: z.infer<typeof linkRequest>,
  gateway: Gateway,
): Promise<{ linked: true; events: { id: string; outcome: EventOutcome | null }[] }> {
  const { waiting } = await gateway.linkCustomer(processor, customerId, userId, "admin");
  for (const id of waiting) await settleStored(processor, id, gateway);
  const events = [];
  for (const id of waiting) events.push({ id, outcome: (await gateway.loadWebhookEvent(processor, id)).outcome });
  return { linked: true, events };
}
