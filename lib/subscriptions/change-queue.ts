/**
 * Runs the changes of one subscription one after another within this process. Of several equal changes at once, each reads at
 * the processor what the one before has done, and does not do it again.
 */
import { singleton } from "@/lib/core/singleton";

const last = singleton("subscription-changes", () => new Map<string, Promise<unknown>>());

/** Waits for the earlier calls with this key, also for those that fail. */
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
