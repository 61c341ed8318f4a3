/** Lets a few calls of each key run at once. Further ones wait in their order, few and for a short time. */

interface SlotOptions {
  /** Calls of one key that may run at once. */
  running: number;
  /** Calls of one key that may wait; one more is refused at once. */
  waiting: number;
  /** Milliseconds that a call may wait; then it is refused. */
  patience: number;
  refusal: () => Error;
}

export interface Slots {
  /**
   * Waits for a slot of the key. Call the result when the work has ended; further calls of it do nothing.
   * @throws what `refusal` gives
   */
  enter(key: string): Promise<() => void>;
}

interface Key {
  running: number;
  queue: (() => void)[];
}

export function slots({ running, waiting, patience, refusal }: SlotOptions): Slots {
  const keys = new Map<string, Key>();

  function held(key: string, state: Key): () => void {
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
      if (state.running < running) {
        keys.set(key, state);
        state.running += 1;
        return held(key, state);
      }
      if (state.queue.length >= waiting) throw refusal();
      return new Promise((resolve, reject) => {
        const next = () => {
          clearTimeout(timer);
          resolve(held(key, state));
        };
        const timer = setTimeout(() => {
          state.queue.splice(state.queue.indexOf(next), 1);
          reject(refusal());
        }, patience);
        state.queue.push(next);
      });
    },
  };
}
