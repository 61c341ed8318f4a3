import type { UsageHistory } from "@/lib/billing/schemas/usage-view";
import type { FieldId } from "@/lib/config/catalog";
import { gateway } from "@/lib/database";

/**
 * What a user used of a counter on each UTC day, today last, from the ledger; days without use are left out.
 * @param days how far back, today counted, at most 400
 */
export function usageHistory(userId: string, field: FieldId, days: number): Promise<UsageHistory> {
  return gateway().usageHistory(userId, field, days);
}
