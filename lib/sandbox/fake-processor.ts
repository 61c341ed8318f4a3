/** The interface of a fake processor; the core does the rest (README.md). */
import type { Instant, Processor } from "@/lib/billing/types";
import { type EmittedEvent, runStep, type Step, type StepResult } from "./step";

/** `AccountState` is plain JSON: all that one customer has at the processor. Every method is pure. */
export interface FakeProcessor<AccountState = unknown> {
  processor: Processor;
  /** Every id by which a request may name an object of the account, the account's own included. */
  objectIds(state: AccountState): string[];
  /** Our user, if the product has named one: the account runs on this user's clock. */
  userId(state: AccountState): string | null;
  /** The instant of the next due action; null if there is none. */
  nextDue(state: AccountState): Instant | null;
  /** Runs at least one action that is due at `step.now`: afterwards `nextDue` is later or null. */
  advance(step: Step<AccountState>): void;
  /** The header that signs the bytes, sent at this (real) instant. */
  signature(raw: Uint8Array, secret: string, sentAt: Instant): [name: string, value: string];
}

/** More than a century of monthly subscriptions: beyond this, `nextDue` does not move on. */
const MAX_STEPS = 20_000;

/** Runs all actions that are due until `now`, each at its own instant, in order. */
export function catchUp<AccountState>(
  fake: FakeProcessor<AccountState>,
  state: AccountState,
  now: Instant,
): StepResult<AccountState, void> {
  const events: EmittedEvent[] = [];
  let current = state;
  for (let steps = 0; ; steps++) {
    const due = fake.nextDue(current);
    if (due === null || due > now) return { state: current, events, result: undefined };
    if (steps === MAX_STEPS) throw new Error(`The fake ${fake.processor} does not move on from ${due}.`);
    const after = runStep(current, due, (step) => fake.advance(step));
    current = after.state;
    events.push(...after.events);
  }
}
