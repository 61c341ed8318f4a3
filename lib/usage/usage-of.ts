import type { UsageView } from "@/lib/billing/schemas/usage-view";
import { findPlan, isProductId } from "@/lib/config/current-catalog";
import { log } from "@/lib/core/observability";
import { gateway } from "@/lib/database";

/** A user's plans, windows and meters of all products, free ones too. The first call creates the user's rows. */
export async function usageOf(userId: string): Promise<UsageView> {
  const { corrected, ...view } = await gateway().usage(userId);
  for (const { product, from, to } of corrected) {
    log.warn(
      { userId, product },
      `[Usage] Plan auto-corrected: ${planName(product, from)} → ${planName(product, to)} (usage preserved)`,
    );
  }
  return view;
}

function planName(product: string, plan: string): string {
  return (isProductId(product) && findPlan(product, plan)?.name) || plan;
}
