/** Attempts, and what a person may ask of their data: to have it, and to have it gone. */
import { z } from "zod";
import type { Call } from "./call";

const attempt = z.object({ allowed: z.boolean(), retryAfter: z.number().int() });

/** At most `attempts` in `seconds` by a key, which is a hash. */
interface AttemptLimit {
  scope: string;
  key: string;
  attempts: number;
  seconds: number;
}

const countedAttempt = z.object({ scope: z.string(), key: z.string(), resetsAt: z.string() });
/** One key under which an attempt was counted, and the window that it was counted in. */
export type CountedAttempt = z.infer<typeof countedAttempt>;

/** A ledger row as it is exported; the last one of a page says where the next begins. */
const ledgerRow = z.looseObject({ field: z.string(), at: z.string(), entry: z.number().int() });
export type LedgerRow = z.infer<typeof ledgerRow>;

/** Exports keep the names that the database has: they are for reading, and field names are among them. */
const AS_STORED = { keys: "as stored" } as const;

export function accountMethods(call: Call) {
  return {
    /** Counts an attempt: at most `limit` in `seconds`. The key is a hash. */
    countAttempt: (scope: string, key: string, limit: number, seconds: number) =>
      call(attempt, "count_attempt", { p_scope: scope, p_key: key, p_limit: limit, p_seconds: seconds }),

    /** Counts an attempt under all limits, or under none of them. All callers name their limits in the same order. */
    countAttempts: (limits: readonly AttemptLimit[]) =>
      call(attempt.extend({ counted: z.array(countedAttempt) }), "count_attempts", { p_limits: limits }),

    /** Takes back an attempt that did not fail. */
    returnAttempts: (counted: readonly CountedAttempt[]) =>
      call(z.object({ returned: z.number().int() }), "return_attempts", {
        p_counted: counted.map(({ scope, key, resetsAt }) => ({ scope, key, resets_at: resetsAt })),
      }),

    /** Everything that is kept about a user but the ledger. */
    exportAccount: (userId: string) =>
      call(z.record(z.string(), z.unknown()), "export_account", { p_user_id: userId }, AS_STORED),

    /** The user's ledger after a row, in its order. */
    exportLedger: (userId: string, after: LedgerRow | null, limit: number) =>
      call(
        z.array(ledgerRow),
        "export_ledger",
        {
          p_user_id: userId,
          p_after: after && { field: after.field, at: after.at, entry: after.entry },
          p_limit: limit,
        },
        AS_STORED,
      ),

    /** False where there was nobody. Throws a conflict, `subscription_alive`, while a subscription lives. */
    eraseAccount: (userId: string) => call(z.object({ erased: z.boolean() }), "erase_account", { p_user_id: userId }),
  };
}
