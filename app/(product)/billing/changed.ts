import type { ChangeView } from "@/lib/billing";
import { changedPath, standingMark } from "@/lib/ui";
import { usageOf } from "@/lib/usage";

/**
 * Carries out a change and says where it leads: to the processor where it must be paid first, else back to billing, which
 * knows by the mark of before when the change has come.
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
