/** Exports and erases a user's data. */
import { productIds } from "@/lib/config/current-catalog";
import { gateway } from "@/lib/database";
import { ANY_REVISION, entitlementCache } from "@/lib/entitlements/cache";

export { exportAccount } from "./export";

/**
 * Erases a user. The sign-in stays with the identity provider. If the user returns, counters and used trials are the same
 * as before.
 * @throws DatabaseError conflict `subscription_alive`
 */
export async function eraseAccount(userId: string): Promise<{ erased: boolean }> {
  const result = await gateway().eraseAccount(userId);
  await Promise.all(productIds().map((product) => entitlementCache().invalidate(userId, product, ANY_REVISION)));
  return result;
}
