/** Lists, shows, dismisses and replays webhook events. */

import { PROCESSORS } from "@/lib/config/terms";
import { DomainError } from "@/lib/core/domain-error";
import type { EventCursor, EventDetail, EventRow, Gateway } from "@/lib/database";
import { DatabaseError } from "@/lib/database";
import { dismiss, replay } from "@/lib/webhooks";
import { audited } from "./audit";
import { type EventQuery, eventCursor, eventId } from "./requests";

const PAGE_SIZE = 50;

/** A page of events, each with the action that releases it. `next` is the `after` of the following page. */
export async function listEvents({ after, ...filter }: EventQuery, gateway: Gateway) {
  const { events, next } = await gateway.webhookEvents(
    filter,
    after === undefined ? null : readCursor(after),
    PAGE_SIZE,
  );
  return {
    events: events.map((event) => ({ ...event, release: releaseOf(event) })),
    next: next && Buffer.from(JSON.stringify(next)).toString("base64url"),
  };
}

function readCursor(after: string): EventCursor {
  try {
    return eventCursor.parse(JSON.parse(Buffer.from(after, "base64url").toString()));
  } catch {
    // The text is not a `next` of ours.
  }
  throw new DomainError("bad_input", "bad_input", "after: is the `next` of the previous page", { field: "after" });
}

/** @throws DomainError not_found, DatabaseError not_found */
export async function eventDetail(processor: string, id: string, gateway: Gateway): Promise<EventDetail> {
  const known = PROCESSORS.find((each) => each === processor);
  if (known === undefined) throw eventNotFound();
  requireEventId(id);
  return gateway.webhookEventDetail(known, id);
}

/** @throws DomainError not_found if the id cannot be an event's. The audit log cannot store such a text. */
function requireEventId(id: string): void {
  if (!eventId.safeParse(id).success) throw eventNotFound();
}

function eventNotFound(): DomainError {
  return new DomainError("not_found", "event_not_found", "There is no such event.");
}

type EventState = Pick<EventRow, "outcome" | "reason" | "hintUserId" | "customerId" | "attempts" | "nextAttemptAt">;

/** The action that releases a waiting event, as a sentence; null if the event does not wait. */
export function releaseOf({ outcome, reason, hintUserId, customerId, attempts }: EventState): string | null {
  if (outcome === null) {
    return attempts === 0
      ? "The next delivery or the retry job decides it within a minute."
      : `It failed ${attempts === 1 ? "once" : `${attempts} times`} and is retried automatically; the error is below.`;
  }
  if (outcome === "dead") return "It failed at every attempt. Fix the problem that the error names, then replay it.";
  if (outcome === "deferred") {
    const hint = hintUserId === null ? "" : ` The browser named ${hintUserId}, without confirmation by the processor.`;
    return customerId === null
      ? `Its user is unknown, and it names no customer to link.${hint}`
      : `The user of customer ${customerId} is unknown: link it to a user, and the event is applied.${hint}`;
  }
  if (outcome !== "quarantined") return null;
  return QUARANTINE[reason ?? ""] ?? missing(reason);
}

const QUARANTINE: Readonly<Record<string, string>> = {
  unknown_price:
    "Its price is not in the catalog: add its price id to the plan’s price variable, restart, and replay it.",
  other_livemode:
    "It is from the other mode (test or live) than this deployment’s keys: fix the endpoint at the processor.",
  link_conflict:
    "It names two users, and its subscription has none yet: find the right one, and move the subscription to that user.",
};

function missing(reason: string | null): string {
  const field = reason?.startsWith("missing_field:") ? reason.slice("missing_field:".length) : null;
  return field === null
    ? "It could not be read. Replay it after an update, which may be able to read it."
    : `Its field ${field} is missing or invalid: find the cause, then replay it.`;
}

/** @throws DomainError not_found, DatabaseError not_found, conflict for an event that does not wait */
export async function dismissOne(processor: string, id: string, by: string, gateway: Gateway) {
  requireEventId(id);
  return audited({ by, action: "event.dismissed", userId: null, details: { processor, eventId: id } }, gateway, () =>
    dismiss(processor, id, gateway),
  );
}

const DISMISSIBLE: ReadonlySet<string | null> = new Set(["deferred", "quarantined", "dead"]);

/** Whether an admin can dismiss the event: it waits. */
export function canBeDismissed({ outcome }: Pick<EventRow, "outcome">): boolean {
  return DISMISSIBLE.has(outcome);
}

export interface ReplayResult {
  processor: string;
  id: string;
  outcome: string;
  reason?: string | undefined;
}

/** Decides events again in order, and continues after a failed one. */
export async function replayMany(
  events: readonly { processor: string; id: string }[],
  by: string,
  gateway: Gateway,
): Promise<ReplayResult[]> {
  const replayed: ReplayResult[] = [];
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

/** @throws DomainError not_found, DatabaseError */
export async function replayOne(processor: string, id: string, by: string, gateway: Gateway) {
  requireEventId(id);
  return audited(
    { by, action: "event.replayed", userId: null, details: { processor, eventId: id } },
    gateway,
    () => replay(processor, id, gateway),
    ({ outcome, reason }) => ({ outcome, ...(reason && { reason }) }),
  );
}
