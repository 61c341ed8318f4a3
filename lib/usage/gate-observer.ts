/** What somebody who watches the gate is told: every answer, what it took, and how calls travelled. */

import type { Verdict } from "@/lib/billing/schemas/usage-view";
import { documented, measures, secondsSince } from "@/lib/observability";

export type Operation = "consume" | "release" | "reserve" | "settle";

export interface GateObserver {
  /** `seconds` from the call to its answer. */
  answered(operation: Operation, verdicts: readonly Verdict[], seconds: number): void;
  /** No verdict: the database did not answer, or what was asked for was wrong. */
  failed(operation: Operation, seconds: number): void;
  /** A statement was sent with so many calls. */
  sent(road: "together" | "in_turn", calls: number): void;
}

/** Nobody watches: for benchmarks and tests of the gate itself. */
export const unobserved: GateObserver = { answered() {}, failed() {}, sent() {} };

/** Counts and times for `/api/metrics`. */
export const measured: GateObserver = {
  answered(operation, verdicts, seconds) {
    measures.gateSeconds.observe({ operation }, seconds);
    for (const { field, allowed, reason } of verdicts) {
      measures.verdicts.inc({ operation, field, verdict: allowed ? "allowed" : (reason ?? "limit_reached") });
      // A counter that would have fit was refused with another of the same call: that one is at its limit.
      if (!allowed && reason !== "limit_reached_elsewhere") documented.limitErrors.inc({ field });
    }
  },
  failed(operation, seconds) {
    measures.gateSeconds.observe({ operation }, seconds);
    measures.verdicts.inc({ operation, field: "none", verdict: "failed" });
  },
  sent: (road, calls) => measures.batchCalls.observe({ road }, calls),
};

/** Tells the observer how `call` ended. */
export async function observed<Answer>(
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
