/** One deadline for all calls of a processor that a request of a user makes, however many those are. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { ProcessorClient } from "./processor-client";

const deadlines = new AsyncLocalStorage<number>();

/** The same client, whose calls end at `until`: an instant of `performance.now()`. After it nothing is sent. */
export function endingAt(client: ProcessorClient, until: number): ProcessorClient {
  const within = (call: unknown) =>
    typeof call === "function" ? (...args: unknown[]) => deadlines.run(until, () => call(...args)) : call;
  return Object.fromEntries(
    Object.entries(client).map(([name, call]) => [name, within(call)]),
  ) as unknown as ProcessorClient;
}

/** Milliseconds that the next request may take: `most`, or less if the deadline comes first; 0 after it. */
export function remainingMs(most: number): number {
  const until = deadlines.getStore();
  return until === undefined ? most : Math.max(0, Math.min(most, until - performance.now()));
}
