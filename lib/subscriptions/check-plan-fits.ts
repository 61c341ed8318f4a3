/** Whether what a user has fits the plan they chose, asked before any checkout or change is begun. */

import type { ProductId } from "@/lib/config/catalog";
import { DomainError } from "@/lib/core/domain-error";
import { log } from "@/lib/core/observability";
import type { Gateway } from "@/lib/database";

/**
 * The refusal that says what must go first; null where everything fits.
 * @throws DatabaseError
 */
export async function checkPlanFits(
  gateway: Gateway,
  userId: string,
  plan: string,
  product: ProductId,
): Promise<DomainError | null> {
  const { valid, reason, message } = await gateway.validatePlanChange(userId, plan, product);
  if (valid) return null;
  // In these words: operators search for them.
  log.info({ userId, product, plan, reason }, "[Purchase] Plan downgrade blocked");
  return new DomainError("bad_input", reason ?? "invalid_plan", message ?? "This plan does not fit.");
}
