/** Checks before a checkout or change that a user's existing things fit into the new plan's limits. */

import type { ProductId } from "@/lib/config/catalog";
import { DomainError } from "@/lib/core/domain-error";
import { log } from "@/lib/core/observability";
import type { Gateway } from "@/lib/database";

/**
 * Returns the refusal, which names the things to delete first; null if everything fits.
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
  // Operators search for this text.
  log.info({ userId, product, plan, reason }, "[Purchase] Plan downgrade blocked");
  return new DomainError("bad_input", reason ?? "invalid_plan", message ?? "This plan does not fit.");
}
