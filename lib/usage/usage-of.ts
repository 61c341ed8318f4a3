import type { UsageView } from "@/lib/billing/schemas/usage-view";
import { isProductId, planName } from "@/lib/config/current-catalog";
import { log } from "@/lib/core/observability";
import { gateway } from "@/lib/database";

/** A user's plans, windows and meters of all products, free ones too. The first call creates the user's rows. */
export async function usageOf(userId: string): Promise<UsageView> {
  const { corrected, ...view } = await gateway().usage(userId);
  for (const { product, from, to } of corrected) {
    const name = (plan: string) => (isProductId(product) ? planName(product, plan) : plan);
    log.warn({ userId, product }, `[Usage] Plan auto-corrected: ${name(from)} → ${name(to)} (usage preserved)`);
  }
  return view;
}
