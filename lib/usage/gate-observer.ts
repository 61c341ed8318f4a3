/** Receives every answer of the gate with its duration, and the mode of every statement. */

import type { Verdict } from "@/lib/billing/schemas/usage-view";
import { documentedMetrics, metrics, secondsSince } from "@/lib/core/observability";
import type { Mode } from "./micro-batcher";

export type Operation = "consume" | "release" | "reserve" | "settle" | "gauge";

export interface GateObserver {
  /** `seconds` from the call to its answer. */
  answered(operation: Operation, verdicts: readonly Verdict[], seconds: number): void;
  /** The call has no verdict: the database did not answer, or the request was invalid. */
  failed(operation: Operation, seconds: number): void;
  /** A statement was sent in this mode with this number of calls. */
  sent(mode: Mode, calls: number): void;
}

/** Records nothing: for benchmarks and tests of the gate itself. */
export const nullObserver: GateObserver = { answered() {}, failed() {}, sent() {} };

/** Records the counts and times of `/api/metrics`. */
export const metricsObserver: GateObserver = {
  answered(operation, verdicts, seconds) {
    metrics.gateSeconds.observe({ operation }, seconds);
    for (const { field, allowed, reason } of verdicts) {
      metrics.verdicts.inc({ operation, field, verdict: allowed ? "allowed" : (reason ?? "limit_reached") });
      // A counter with room was refused because another counter of the same call is at its limit.
      if (!allowed && reason !== "limit_reached_elsewhere") documentedMetrics.limitErrors.inc({ field });
    }
  },
  failed(operation, seconds) {
    metrics.gateSeconds.observe({ operation }, seconds);
    metrics.verdicts.inc({ operation, field: "none", verdict: "failed" });
  },
  sent: (mode, calls) => metrics.batchCalls.observe({ mode }, calls),
};

/** Reports the result of `call` to the observer. */
export async function observe<Answer>(
  observer: GateObserver,
  operation: Operation,
  call: () => Promise<Answer>,
  verdictsOf: (answer: Answer) => readonly Verdict[],
): Promise<Answer> {
  const start = performance.now();
  try {
    const answer = await call();
    observer.answered(operation, verdictsOf(answer), secondsSince(start));
    return answer;
  } catch (error) {
    observer.failed(operation, secondsSince(start));
    throw error;
  }
}
