/**
 * Runs the changes of one subscription one after another within this process. Each change reads the result of the previous
 * one at the processor, and does not repeat it.
 */
import { singleton } from "@/lib/core/singleton";

const last = singleton("subscription-changes", () => new Map<string, Promise<unknown>>());

/** Runs a function after the earlier calls with this key have ended, failed ones included. */
export async function oneAtATime<T>(key: string, run: () => Promise<T>): Promise<T> {
  const result = (last.get(key) ?? Promise.resolve()).then(run);
  const settled = result.catch(() => undefined);
  last.set(key, settled);
  try {
    return await result;
  } finally {
    if (last.get(key) === settled) last.delete(key);
  }
}
