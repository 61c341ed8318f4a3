import { DomainError, isTemporary } from "@/lib/core/domain-error";
import {
  type CheckoutStatusView,
  checkoutReturnRequest,
  checkoutStatus,
  purchaseContext,
  returnFromCheckout,
} from "@/lib/subscriptions";

/**
 * The state of the checkout in the address; null if this user has no such checkout. If its webhook is late, the state is
 * fetched from the processor.
 */
export async function returnedCheckout(userId: string, id: unknown): Promise<CheckoutStatusView | null> {
  const request = checkoutReturnRequest.safeParse({ checkout: id });
  if (!request.success) return null;
  const { checkout } = request.data;
  const context = purchaseContext(userId);
  try {
    return await returnFromCheckout(userId, checkout, context).catch((error) => {
      // If the processor does not answer, the stored state is shown.
      if (error instanceof DomainError && isTemporary(error.problem)) return checkoutStatus(userId, checkout, context);
      throw error;
    });
  } catch (error) {
    if (error instanceof DomainError && error.problem === "not_found") return null;
    throw error;
  }
}
