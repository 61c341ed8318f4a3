/** Limits the calls of each key that run at once. A few more wait in order, for a short time. */

interface SlotOptions {
  /** Calls of one key that may run at once. */
  maxRunning: number;
  /** Calls of one key that may wait; one more is refused at once. */
  maxWaiting: number;
  /** A call that waits longer is refused. */
  maxWaitMs: number;
  refusal: () => Error;
}

export interface Slots {
  /**
   * Waits for a slot of the key. Call the result when the work has ended; a second call of it does nothing.
   * @throws the error of `refusal`
   */
  enter(key: string): Promise<() => void>;
}

interface Key {
  running: number;
  queue: (() => void)[];
}

export function slots({ maxRunning, maxWaiting, maxWaitMs, refusal }: SlotOptions): Slots {
  const keys = new Map<string, Key>();

  function releaseOf(key: string, state: Key): () => void {
    let released = false;
    return () => {
      if (released) return;
      released = true;
      const next = state.queue.shift();
      if (next) return next();
      state.running -= 1;
      if (state.running === 0) keys.delete(key);
    };
  }

  return {
    async enter(key) {
      const state = keys.get(key) ?? { running: 0, queue: [] };
      if (state.running < maxRunning) {
        keys.set(key, state);
        state.running += 1;
        return releaseOf(key, state);
      }
      if (state.queue.length >= maxWaiting) throw refusal();
      return new Promise((resolve, reject) => {
        const next = () => {
          clearTimeout(timer);
          resolve(releaseOf(key, state));
        };
        const timer = setTimeout(() => {
          state.queue.splice(state.queue.indexOf(next), 1);
          reject(refusal());
        }, maxWaitMs);
        state.queue.push(next);
      });
    },
  };
}
