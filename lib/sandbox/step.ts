/**
 * One step of a played processor, pure: a world and an instant in, the world after it and what was emitted out. What a
 * request asks and what time brings are both turns.
 */
import type { Instant } from "@/lib/billing/types";

/** An event as it will be signed. */
export interface Emitted {
  id: string;
  type: string;
  /** By the account's clock, in milliseconds. */
  at: Instant;
  /** The body, byte for byte. */
  raw: string;
}

/** What a step may do: change `world` in place (it is a copy) and emit events, in the order the processor does. */
export interface Turn<World> {
  readonly world: World;
  readonly now: Instant;
  emit(event: Emitted): void;
}

export interface Taken<World, Result> {
  world: World;
  events: Emitted[];
  result: Result;
}

/** Runs a step on a copy; what `act` throws leaves nothing behind. */
export function take<World, Result>(
  world: World,
  now: Instant,
  act: (turn: Turn<World>) => Result,
): Taken<World, Result> {
  const copy = structuredClone(world);
  const events: Emitted[] = [];
  const result = act({ world: copy, now, emit: (event) => events.push(event) });
  return { world: copy, events, result };
}
