/** A contender under one load. */
export interface Workload {
  /** Sends the nth call of all callers; true if it was allowed. */
  call: (turn: number) => Promise<boolean>;
}

export interface Measured {
  /** Answered calls per second. */
  rate: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  allowed: number;
  calls: number;
}

/**
 * A closed loop: each caller sends its next call after the last answer, for `milliseconds`. Calls still running then count.
 */
export async function closedLoop({ call }: Workload, callers: number, milliseconds: number): Promise<Measured> {
  const latencies: number[] = [];
  let turn = 0;
  let allowed = 0;
  const start = performance.now();
  const end = start + milliseconds;
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (performance.now() < end) {
        const sent = performance.now();
        turn += 1;
        if (await call(turn)) allowed += 1;
        latencies.push(performance.now() - sent);
      }
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  latencies.sort((one, other) => one - other);
  const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  return { rate: latencies.length / seconds, p50: at(0.5), p99: at(0.99), allowed, calls: latencies.length };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const [low = 0, high = 0] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}
