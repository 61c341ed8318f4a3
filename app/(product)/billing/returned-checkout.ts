import {
  type CheckoutStatusView,
  checkoutReturnRequest,
  checkoutStatus,
  returnFromCheckout,
  selling,
} from "@/lib/billing";
import { HttpError } from "@/lib/http";

/**
 * What has become of the checkout in the address; null where there is none of this user's. Asks the processor where its
 * news has not come.
 */
export async function returnedCheckout(userId: string, id: unknown): Promise<CheckoutStatusView | null> {
  const asked = checkoutReturnRequest.safeParse({ checkout: id });
  if (!asked.success) return null;
  const { checkout } = asked.data;
  const shop = selling(userId);
  try {
    return await returnFromCheckout(userId, checkout, shop).catch((error) => {
      // A processor that is silent takes nothing away from what is known here.
      if (error instanceof HttpError && (error.status === 503 || error.status === 429))
        return checkoutStatus(userId, checkout, shop);
      throw error;
    });
  } catch (error) {
    if (error instanceof HttpError && error.status === 404) return null;
    throw error;
  }
}
