/** Webhook events as an admin works with them: listed, told as a story, decided again. */
import { dismiss, replay } from "@/lib/billing";
import type { EventCursor, EventDetail, EventRow, Gateway } from "@/lib/database";
import { DatabaseError } from "@/lib/database";
import { HttpError } from "@/lib/http";
import { onRecord } from "./acts";
import { type EventQuery, eventCursor, eventId } from "./requests";

const PAGE = 50;

/** A page of events with what each waits for; `next` is the parameter of the page after it. */
export async function listEvents({ after, ...filter }: EventQuery, gateway: Gateway) {
  const { events, next } = await gateway.webhookEvents(filter, after === undefined ? null : readCursor(after), PAGE);
  return {
    events: events.map((event) => ({ ...event, release: releaseOf(event) })),
    next: next && Buffer.from(JSON.stringify(next)).toString("base64url"),
  };
}

function readCursor(after: string): EventCursor {
  try {
    return eventCursor.parse(JSON.parse(Buffer.from(after, "base64url").toString()));
  } catch {
    // Not one of ours.
  }
  throw new HttpError(400, "bad_input", "after: is the `next` of the page before", { field: "after" });
}

/** @throws HttpError 404, DatabaseError not_found */
export async function eventStory(processor: string, id: string, gateway: Gateway): Promise<EventDetail> {
  if (processor !== "stripe" && processor !== "paddle") throw noSuchEvent();
  refuseImpossible(id);
  return gateway.webhookEventDetail(processor, id);
}

/** @throws HttpError 404 for an id that no event can have; the audit log could not store it */
function refuseImpossible(id: string): void {
  if (!eventId.safeParse(id).success) throw noSuchEvent();
}

function noSuchEvent(): HttpError {
  return new HttpError(404, "event_not_found", "There is no such event.");
}

type Waiting = Pick<EventRow, "outcome" | "reason" | "hintUserId" | "customerId" | "attempts" | "nextAttemptAt">;

/** What would release an event that waits, in a sentence; null for one that waits for nothing. */
export function releaseOf({ outcome, reason, hintUserId, customerId, attempts }: Waiting): string | null {
  if (outcome === null) {
    return attempts === 0
      ? "It is decided by its next delivery, or by the retry job within a minute."
      : `It failed ${attempts === 1 ? "once" : `${attempts} times`} and is tried again by itself; the error is below.`;
  }
  if (outcome === "dead") return "It failed at every attempt. Put right what the error names, then replay it.";
  if (outcome === "deferred") {
    const hint = hintUserId === null ? "" : ` The browser said it is ${hintUserId}, which nobody else confirms.`;
    return customerId === null
      ? `Nobody knows whose it is, and it names no customer that could be linked.${hint}`
      : `Nobody knows whose customer ${customerId} is: link it to a user, and it is folded in.${hint}`;
  }
  if (outcome !== "quarantined") return null;
  return QUARANTINE[reason ?? ""] ?? missing(reason);
}

const QUARANTINE: Readonly<Record<string, string>> = {
  unknown_price: "No price of it is ours: add its price id to the plan’s price variable, restart, and replay it.",
  other_livemode: "It comes from the other mode (test or live) than this deployment’s keys: fix the endpoint there.",
  link_conflict:
    "It names two users, and its subscription has none yet: find out which is right, and give the subscription to that user.",
};

function missing(reason: string | null): string {
  const field = reason?.startsWith("missing_field:") ? reason.slice("missing_field:".length) : null;
  return field === null
    ? "It could not be read; a newer version may be able to: replay it after an update."
    : `Its field ${field} is missing or not what it should be: replay it once this is understood.`;
}

/** @throws HttpError 404, DatabaseError not_found, conflict for an event that does not wait */
export async function dismissOne(processor: string, id: string, by: string, gateway: Gateway) {
  refuseImpossible(id);
  return onRecord({ by, act: "event.dismissed", userId: null, details: { processor, eventId: id } }, gateway, () =>
    dismiss(processor, id, gateway),
  );
}

/** Outcomes of events that an admin can dismiss. */
const WAITING: ReadonlySet<string | null> = new Set(["deferred", "quarantined", "dead"]);

export function canBeDismissed({ outcome }: Pick<EventRow, "outcome">): boolean {
  return WAITING.has(outcome);
}

export interface Replayed {
  processor: string;
  id: string;
  outcome: string;
  reason?: string | undefined;
}

/** Decides events again, one after the other; one that fails does not keep the others. */
export async function replayMany(
  events: readonly { processor: string; id: string }[],
  by: string,
  gateway: Gateway,
): Promise<Replayed[]> {
  const replayed: Replayed[] = [];
  for (const { processor, id } of events) {
    try {
      const { outcome, reason } = await replayOne(processor, id, by, gateway);
      replayed.push({ processor, id, outcome, reason });
    } catch (error) {
      if (error instanceof DatabaseError && error.problem === "unavailable") throw error;
      replayed.push({ processor, id, outcome: "failed", reason: error instanceof Error ? error.message : undefined });
    }
  }
  return replayed;
}

/** @throws HttpError 404, DatabaseError */
export async function replayOne(processor: string, id: string, by: string, gateway: Gateway) {
  refuseImpossible(id);
  return onRecord(
    { by, act: "event.replayed", userId: null, details: { processor, eventId: id } },
    gateway,
    () => replay(processor, id, gateway),
    ({ outcome, reason }) => ({ outcome, ...(reason && { reason }) }),
  );
}
