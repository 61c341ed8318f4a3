/** What a processor must be able to do to be played; the core does the rest (README.md). */
import type { Instant, Processor } from "@/lib/billing/types";
import { type Emitted, type Taken, type Turn, take } from "./step";

/** `World` is plain JSON: all that one customer has at the processor. Everything here is pure. */
export interface Played<World = unknown> {
  processor: Processor;
  /** Every id in the world by which a request may name something of it, the account's own among them. */
  objectIds(world: World): string[];
  /** Our user, where the product has said whose this is: their clock is this account's. */
  userId(world: World): string | null;
  /** When time brings something next; null where nothing waits. */
  nextDue(world: World): Instant | null;
  /** Carries out what is due at `turn.now`, one thing at least: `nextDue` must move on. */
  advance(turn: Turn<World>): void;
  /** The header that signs the bytes, sent at this (real) instant. */
  signature(raw: Uint8Array, secret: string, sentAt: Instant): [name: string, value: string];
}

/** More than a century of monthly subscriptions: what passes this does not move on. */
const MAX_STEPS = 20_000;

/** Everything that time brings until `now`, each at its own instant, in order. */
export function catchUp<World>(played: Played<World>, world: World, now: Instant): Taken<World, void> {
  const events: Emitted[] = [];
  let current = world;
  for (let steps = 0; ; steps++) {
    const due = played.nextDue(current);
    if (due === null || due > now) return { world: current, events, result: undefined };
    if (steps === MAX_STEPS) throw new Error(`The played ${played.processor} does not move on from ${due}.`);
    const taken = take(current, due, (turn) => played.advance(turn));
    current = taken.world;
    events.push(...taken.events);
  }
}
