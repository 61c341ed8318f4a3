import type { ChangeView } from "@/lib/subscriptions";
import { changedPath, standingMark } from "@/lib/ui";
import { usageOf } from "@/lib/usage";

/**
 * Carries out a change and returns the next page: the processor's if it must be paid first, else billing. The
 * fingerprint of the old subscription lets billing see when the change arrives.
 */
export async function changed(
  userId: string,
  product: ChangeView["product"],
  change: () => Promise<ChangeView>,
): Promise<string> {
  const { subscriptions } = await usageOf(userId);
  const before = subscriptions.find((subscription) => subscription.product === product);
  const { outcome, url } = await change();
  if (outcome === "payment_needed" && url !== null) return url;
  return changedPath(outcome, product, before ? standingMark(before) : "");
}
