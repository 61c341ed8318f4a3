/**
 * One pure step of a fake processor: an account's state and an instant in, the next state and the emitted events out.
 * Requests and due actions are both steps.
 */
import type { Instant } from "@/lib/billing/types";

/** An event before it is signed. */
export interface EmittedEvent {
  id: string;
  type: string;
  /** By the account's clock, in milliseconds. */
  at: Instant;
  /** The body, byte for byte. */
  raw: string;
}

/** A step may change `state` in place (it is a copy) and emit events, in the processor's order. */
export interface Step<AccountState> {
  readonly state: AccountState;
  readonly now: Instant;
  emit(event: EmittedEvent): void;
}

export interface StepResult<AccountState, Result> {
  state: AccountState;
  events: EmittedEvent[];
  result: Result;
}

/** Runs a step on a copy; if `run` throws, the original state is unchanged. */
export function runStep<AccountState, Result>(
  state: AccountState,
  now: Instant,
  run: (step: Step<AccountState>) => Result,
): StepResult<AccountState, Result> {
  const copy = structuredClone(state);
  const events: EmittedEvent[] = [];
  const result = run({ state: copy, now, emit: (event) => events.push(event) });
  return { state: copy, events, result };
}
