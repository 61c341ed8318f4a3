/** The length of a bench. Contenders take turns within each round. */
export interface Rounds {
  rounds: number;
  milliseconds: number;
}

/** A contender under one load. */
export interface Workload {
  /** Sends the nth call of all callers. A call that throws has failed. */
  call: (turn: number) => Promise<unknown>;
  /** The number of calls after which the load ends early. */
  most?: number;
}

export interface Measured {
  /** Answered calls per second. */
  rate: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  worst: number;
  calls: number;
  /** Calls that failed; on a busy machine an answer may come too late. They are not part of the other numbers. */
  failed: number;
}

/**
 * A closed loop: each caller sends its next call after the last answer, for `milliseconds`. Calls still running then count.
 * @throws the first call's error if every call failed
 */
export async function closedLoop(load: Workload, callers: number, milliseconds: number): Promise<Measured> {
  const { call, most = Number.POSITIVE_INFINITY } = load;
  const latencies: number[] = [];
  const errors: unknown[] = [];
  let turn = 0;
  const start = performance.now();
  const end = start + milliseconds;
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (performance.now() < end && turn < most) {
        const sent = performance.now();
        turn += 1;
        try {
          await call(turn);
          latencies.push(performance.now() - sent);
        } catch (error) {
          errors.push(error);
        }
      }
    }),
  );
  if (latencies.length === 0 && errors.length > 0) throw errors[0];
  const seconds = (performance.now() - start) / 1000;
  latencies.sort((one, other) => one - other);
  const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  return {
    rate: latencies.length / seconds,
    p50: at(0.5),
    p99: at(0.99),
    worst: at(1),
    calls: latencies.length,
    failed: errors.length,
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const [low = 0, high = 0] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}

/** The calls of all rounds that failed. */
export function failedCalls(measured: readonly Measured[]): number {
  return measured.reduce((sum, { failed }) => sum + failed, 0);
}
