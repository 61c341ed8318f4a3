/** One deadline for all calls that a user's request makes at a processor. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { ProcessorClient } from "./processor-client";

const deadlines = new AsyncLocalStorage<number>();

/** Wraps a client so that its calls end at `until`, in milliseconds of `performance.now()`. After it nothing is sent. */
export function clientWithDeadline(client: ProcessorClient, until: number): ProcessorClient {
  const within = (call: unknown) =>
    typeof call === "function" ? (...args: unknown[]) => deadlines.run(until, () => call(...args)) : call;
  return Object.fromEntries(
    Object.entries(client).map(([name, call]) => [name, within(call)]),
  ) as unknown as ProcessorClient;
}

/** The milliseconds that the next request may take: `most`, or less if the deadline is earlier; 0 after it. */
export function remainingMs(most: number): number {
  const until = deadlines.getStore();
  return until === undefined ? most : Math.max(0, Math.min(most, until - performance.now()));
}
