/** Exports and deletes a user's data. */
import { z } from "zod";
import type { Call } from "./call";
import { count } from "./columns";

/** A ledger row in an export; the last row of a page is the cursor of the next. */
const ledgerRow = z.looseObject({ field: z.string(), at: z.string(), entry: count });
export type LedgerRow = z.infer<typeof ledgerRow>;

/** Exports keep the database's names, since some keys are field names. */
const AS_STORED = { keys: "as stored" } as const;

export function accountQueries(call: Call) {
  return {
    /** All data of a user except the ledger. */
    exportAccount: (userId: string) =>
      call(z.record(z.string(), z.unknown()), "export_account", { p_user_id: userId }, AS_STORED),

    /** A page of the user's ledger after a row, in its order. */
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

    /**
     * Erases a user; `erased` is false if there was no such user.
     * @throws DatabaseError conflict `subscription_alive` while a subscription is active
     */
    eraseAccount: (userId: string) => call(z.object({ erased: z.boolean() }), "erase_account", { p_user_id: userId }),
  };
}
