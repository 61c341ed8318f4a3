/** A user's clock in the sandbox: moved on, with everything happening on the way that would have happened. */

import { addMonths, DAY, HOUR } from "@/lib/billing/timeline/calendar";
import type { Instant } from "@/lib/billing/types";
import { DomainError } from "@/lib/core/domain-error";
import type { Gateway, SandboxClock } from "@/lib/database";
import { type AccountRef, bringUpToNow } from "./accounts";
import type { Played } from "./played";

/** What the walk needs of the sandbox around it. */
export interface Walker {
  gateway: Gateway;
  played: (processor: AccountRef["processor"]) => Played;
  /** Sends an account's events and waits for them. */
  deliverAndWait: (account: AccountRef) => Promise<void>;
  /** Runs our own jobs that look ahead of a renewal. */
  runJobs: () => Promise<unknown>;
}

export type ClockMove = { to: Instant } | { by: ClockStep } | { to: "real" };
export const CLOCK_STEPS = ["day", "period", "month"] as const;
export type ClockStep = (typeof CLOCK_STEPS)[number];

export interface ClockMoved {
  now: Instant;
  /** How many events the processors sent on the way. */
  events: number;
}

/** Processors charge about an hour after a period has begun: who goes to the period's end wants to see it paid. */
const UNTIL_CHARGED = 2 * HOUR;
/** Our own scheduled changes are carried out in the hours before a renewal. */
const BEFORE_RENEWAL = HOUR;
/** Postgres keeps dates far beyond; what a subscription's century costs, nobody wants to wait for. */
const FARTHEST = 10 * 366 * DAY;

/**
 * Moves a user's clock. On the way to a later time it stops wherever something is due to any of the user's accounts, in
 * order: sets the clock, lets it happen, and waits until our routes have taken its events.
 *
 * Back is only possible to a time after everything that has happened (use, news, the processors' own records), since
 * all of that is dated: `real` after a move on which nothing happened.
 * @throws DomainError bad_input
 */
export async function moveClock(userId: string, move: ClockMove, walker: Walker): Promise<ClockMoved> {
  const clock = await walker.gateway.sandboxClock(userId);
  const to = target(clock, move);
  if (to > clock.now + FARTHEST) throw badMove("The clock can be moved ten years at a time.", "too_far");
  if (to < clock.now) return moveBack(userId, move, clock, to, walker.gateway);
  const events = await walk(userId, to, walker);
  const { now } = await walker.gateway.advanceSandboxClock(userId, to);
  await lookAhead((await walker.gateway.sandboxClock(userId)).due, walker);
  return { now, events };
}

function target(clock: SandboxClock, move: ClockMove): Instant {
  if ("by" in move) {
    if (move.by === "day") return clock.now + DAY;
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

async function walk(userId: string, to: Instant, walker: Walker): Promise<number> {
  const { gateway } = walker;
  let events = 0;
  let lookedAheadOf: Instant | null = null;
  for (;;) {
    const { due, now } = await gateway.sandboxClock(userId);
    if (due === null) return events;
    const ahead = Math.max(now, due.at - BEFORE_RENEWAL);
    // Also where the way ends before it is due: what is passed here is not come by again.
    if (lookedAheadOf !== due.at && ahead < due.at && ahead <= to) {
      lookedAheadOf = due.at;
      await gateway.advanceSandboxClock(userId, ahead);
      await lookAhead(due, walker);
      // A job may have changed what is due next.
      continue;
    }
    if (due.at > to) return events;
    await gateway.advanceSandboxClock(userId, due.at);
    events += await bringUpToNow(due, walker.played(due.processor), gateway);
    await walker.deliverAndWait(due);
  }
}

/** What our jobs ask of a processor comes back as events, which whoever moves the clock wants to have seen. */
async function lookAhead(of: AccountRef | null, walker: Walker): Promise<void> {
  await walker.runJobs();
  if (of !== null) await walker.deliverAndWait(of);
}

function badMove(message: string, reason: string): DomainError {
  return new DomainError("bad_input", reason, `to: ${message}`, { field: "to" });
}
