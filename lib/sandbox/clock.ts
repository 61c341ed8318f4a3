/** Moves a user's clock in the sandbox, and runs everything that becomes due on the way. */

import { addMonths, DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import type { Instant } from "@/lib/billing/types";
import { DomainError } from "@/lib/core/domain-error";
import type { Gateway, SandboxClock } from "@/lib/database";
import { type AccountRef, bringUpToNow } from "./accounts";
import type { FakeProcessor } from "./fake-processor";

/** The parts of the sandbox that a move needs. */
export interface ClockParts {
  gateway: Gateway;
  fakeOf: (processor: AccountRef["processor"]) => FakeProcessor;
  /** Sends an account's events and waits for them. */
  deliverAndWait: (account: AccountRef) => Promise<void>;
  /** Runs our jobs that work ahead of a renewal. */
  runJobs: () => Promise<unknown>;
}

export type ClockMove = { to: Instant } | { by: ClockStep } | { to: "real" };
export const CLOCK_STEPS = ["day", "period", "month"] as const;
export type ClockStep = (typeof CLOCK_STEPS)[number];

export interface ClockMoved {
  now: Instant;
  /** The number of events that the processors sent on the way, for this request or for another at the same time. */
  events: number;
}

/** Processors charge about an hour after a period begins; a move by a period includes this charge. */
const UNTIL_CHARGED = 2 * HOUR_MS;
/** Our scheduled changes run in the hours before a renewal. */
const BEFORE_RENEWAL = HOUR_MS;
/** A longer move would take too long: each month has its renewals. */
const FARTHEST = 10 * 366 * DAY_MS;

/**
 * Moves a user's clock. On the way to a later time it stops at each due action of the user's accounts, in order. At
 * each it sets the clock, runs the action, and waits until our routes have accepted its events.
 *
 * A move back is possible only to a time after all dated records (usage, events, the processors' objects). So `real`
 * works after a move on which nothing happened.
 * @throws DomainError bad_input
 */
export async function moveClock(userId: string, move: ClockMove, parts: ClockParts): Promise<ClockMoved> {
  const clock = await parts.gateway.sandboxClock(userId);
  const to = target(clock, move);
  if (to > clock.now + FARTHEST) throw badMove("The clock can be moved ten years at a time.", "too_far");
  if (to < clock.now) return moveBack(userId, move, clock, to, parts.gateway);
  const before = await parts.gateway.countSandboxEvents(userId);
  await runDueActions(userId, to, parts);
  const { now } = await parts.gateway.advanceSandboxClock(userId, to);
  await runJobsAhead((await parts.gateway.sandboxClock(userId)).due, parts);
  const after = await parts.gateway.countSandboxEvents(userId);
  return { now, events: after.sent - before.sent };
}

function target(clock: SandboxClock, move: ClockMove): Instant {
  if ("by" in move) {
    if (move.by === "day") return clock.now + DAY_MS;
    if (move.by === "month") return addMonths(clock.now, 1);
    if (clock.periodEnd !== null) return clock.periodEnd + UNTIL_CHARGED;
    return clock.nextReset ?? addMonths(clock.now, 1);
  }
  return move.to === "real" ? Date.now() : move.to;
}

async function moveBack(
  userId: string,
  move: ClockMove,
  { happenedAt }: SandboxClock,
  to: Instant,
  gateway: Gateway,
): Promise<ClockMoved> {
  if (happenedAt !== null && to < happenedAt) {
    const earliest = new Date(happenedAt).toISOString();
    throw badMove(`The clock cannot go back before ${earliest}: something happened then.`, "clock_backwards");
  }
  const { now } = await gateway.setSandboxClock(userId, "to" in move && move.to === "real" ? null : to);
  return { now: Date.parse(now), events: 0 };
}

async function runDueActions(userId: string, to: Instant, parts: ClockParts): Promise<void> {
  const { gateway } = parts;
  let aheadOf: Instant | null = null;
  for (;;) {
    const { due, now } = await gateway.sandboxClock(userId);
    if (due === null) return;
    const ahead = Math.max(now, due.at - BEFORE_RENEWAL);
    // Also if the move ends before the action is due: the next move begins after this instant.
    if (aheadOf !== due.at && ahead < due.at && ahead <= to) {
      aheadOf = due.at;
      await gateway.advanceSandboxClock(userId, ahead);
      await runJobsAhead(due, parts);
      // A job may have changed the next due action.
      continue;
    }
    if (due.at > to) return;
    await gateway.advanceSandboxClock(userId, due.at);
    await bringUpToNow(due, parts.fakeOf(due.processor), gateway);
    await parts.deliverAndWait(due);
  }
}

/** Our jobs' requests to a processor cause events, which must be delivered before the move ends. */
async function runJobsAhead(of: AccountRef | null, parts: ClockParts): Promise<void> {
  await parts.runJobs();
  if (of !== null) await parts.deliverAndWait(of);
}

function badMove(message: string, reason: string): DomainError {
  return new DomainError("bad_input", reason, `to: ${message}`, { field: "to" });
}
