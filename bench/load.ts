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

/** Measures every contender once per round. Each round starts with another one, so that the order favours none. */
export async function interleave<Contender>(
  contenders: readonly Contender[],
  { rounds, milliseconds }: Rounds,
  measure: (contender: Contender, milliseconds: number, round: number) => Promise<Measured>,
): Promise<ReadonlyMap<Contender, readonly Measured[]>> {
  const results = new Map<Contender, Measured[]>(contenders.map((contender) => [contender, []]));
  // The round before the first fills caches and plans.
  for (let round = -1; round < rounds; round += 1) {
    const first = (round + contenders.length) % contenders.length;
    for (const contender of [...contenders.slice(first), ...contenders.slice(0, first)]) {
      const measured = await measure(contender, round < 0 ? Math.min(500, milliseconds) : milliseconds, round);
      if (round >= 0) results.get(contender)?.push(measured);
    }
  }
  return results;
}

/** The median of the ratios within each round. */
export function ratio(
  numbers: readonly Measured[] = [],
  baseline: readonly Measured[] = [],
  of: "rate" | "p50" | "worst" = "rate",
): number {
  return median(numbers.map((measured, round) => measured[of] / (baseline[round]?.[of] ?? Number.NaN)));
}

/** The columns of a table for one contender: rate, ratio to the baseline, latencies, failed calls. */
export const HEAD = ["", "ops/s", "ratio", "p50 ms", "p99 ms", "failed"];

export function row(name: string, measured: readonly Measured[] = [], baseline: readonly Measured[] = []): string[] {
  return [
    name,
    median(measured.map(({ rate }) => rate)).toFixed(0),
    `${ratio(measured, baseline).toFixed(2)} ×`,
    median(measured.map(({ p50 }) => p50)).toFixed(1),
    median(measured.map(({ p99 }) => p99)).toFixed(1),
    String(failedCalls(measured)),
  ];
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
