/** Counts attempts per key for rate limits. */
import { z } from "zod";
import type { Call } from "./call";
import { count } from "./columns";

const attempt = z.object({ allowed: z.boolean(), retryAfter: count });

/** At most `attempts` per `seconds` for a key, which is a hash. */
export interface AttemptLimit {
  scope: string;
  key: string;
  attempts: number;
  seconds: number;
}

const countedAttempt = z.object({ scope: z.string(), key: z.string(), resetsAt: z.string() });
/** A key with the window in which its attempt was counted. */
export type CountedAttempt = z.infer<typeof countedAttempt>;

export function attemptQueries(call: Call) {
  return {
    /** Counts an attempt: at most `limit` per `seconds`. The key is a hash. */
    countAttempt: (scope: string, key: string, limit: number, seconds: number) =>
      call(attempt, "count_attempt", { p_scope: scope, p_key: key, p_limit: limit, p_seconds: seconds }),

    /** Counts an attempt under all limits, or under none. All callers pass their limits in the same order. */
    countAttempts: (limits: readonly AttemptLimit[]) =>
      call(attempt.extend({ counted: z.array(countedAttempt) }), "count_attempts", { p_limits: limits }),

    /** Removes attempts that did not fail from their counts. */
    returnAttempts: (counted: readonly CountedAttempt[]) =>
      call(z.object({ returned: count }), "return_attempts", {
        p_counted: counted.map(({ scope, key, resetsAt }) => ({ scope, key, resets_at: resetsAt })),
      }),
  };
}
