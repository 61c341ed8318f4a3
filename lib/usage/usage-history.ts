import type { UsageHistory } from "@/lib/billing/schemas/usage-view";
import type { FieldName } from "@/lib/config/register";
import { gateway } from "@/lib/database";

/**
 * A user's usage of a counter per UTC day, from the ledger, today last. Days without usage are omitted.
 * @param days the number of days with today, at most 400
 */
export function usageHistory(userId: string, field: FieldName, days: number): Promise<UsageHistory> {
  return gateway().usageHistory(userId, field, days);
}
