import type { ChangeView } from "@/lib/subscriptions";
import { changeOutcomePath, subscriptionFingerprint } from "@/lib/ui";
import { usageOf } from "@/lib/usage";

/**
 * Carries out a plan change and returns the next page: the processor's if a payment is needed, else billing. The
 * address contains the fingerprint of the old subscription, so that billing knows when the change has arrived.
 */
export async function runChange(
  userId: string,
  product: ChangeView["product"],
  change: () => Promise<ChangeView>,
): Promise<string> {
  const { subscriptions } = await usageOf(userId);
  const before = subscriptions.find((subscription) => subscription.product === product);
  const { outcome, url } = await change();
  if (outcome === "payment_needed" && url !== null) return url;
  return changeOutcomePath(outcome, product, before ? subscriptionFingerprint(before) : "");
}
