/** Ends everything that a bench started: at its end, after an error, on ctrl-C, and when its time is over. */
import { Shutdown } from "@/lib/local/shutdown";

type Stop = () => Promise<void> | void;

export interface Run {
  /** Registers how to end something, before it starts. The returned function ends it; it ends once. */
  onEnd(stop: Stop): () => Promise<void>;
  /** Waits for a step. It never returns once the run ends, so that no later step starts. */
  step<T>(work: Promise<T> | T): Promise<T>;
}

type Part = (run: Run) => Promise<void> | void;

/**
 * Runs the parts one after another and exits: with 0 if each part ended, else with 1. After a part that fails the next one
 * runs. After `minutes` the run ends with 1.
 */
export async function runParts(parts: readonly Part[], { minutes }: { minutes: number }): Promise<void> {
  const shutdown = new Shutdown();
  const run: Run = {
    onEnd(stop) {
      let ended: Promise<void> | undefined;
      const once = () => {
        ended ??= Promise.resolve().then(stop);
        return ended;
      };
      shutdown.add(once);
      return once;
    },
    step: (work) => shutdown.step(work),
  };
  const abort = (error: unknown) => {
    // The stops themselves cause errors: the server ends while calls run.
    if (!shutdown.isEnding) console.error(error);
    void shutdown.exit(1);
  };
  // An error without a handler must not skip the stops.
  process.on("uncaughtException", abort);
  setTimeout(() => abort(`Not finished after ${minutes} minutes.`), minutes * 60_000).unref();

  let failed = false;
  for (const part of parts) {
    const error = await run.step(errorOf(() => part(run)));
    if (error === undefined) continue;
    failed = true;
    console.error(error);
  }
  await shutdown.exit(failed ? 1 : 0);
}

/** The error of a work that fails. */
async function errorOf(work: () => Promise<void> | void): Promise<unknown> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error ?? new Error("A part failed without an error.");
  }
}
