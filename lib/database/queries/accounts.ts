/** Attempts, and what a person may ask of their data: to have it, and to have it gone. */
import { z } from "zod";
import type { Call } from "./call";
import { count } from "./columns";

/** A ledger row as it is exported; the last one of a page says where the next begins. */
const ledgerRow = z.looseObject({ field: z.string(), at: z.string(), entry: count });
export type LedgerRow = z.infer<typeof ledgerRow>;

/** Exports keep the names that the database has: they are for reading, and field names are among them. */
const AS_STORED = { keys: "as stored" } as const;

export function accountQueries(call: Call) {
  return {
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
