/** Carries out the plan changes that are scheduled for the end of a period, before the renewal. */

import { isProductId } from "@/lib/config/current-catalog";
import { log } from "@/lib/core/observability";
import type { DueChange, Gateway } from "@/lib/database";
import type { GetProcessor } from "@/lib/processors/registry";
import { RENEWAL_MARGIN, SCHEDULED_AHEAD } from "@/lib/subscriptions/schedule-change";

const BATCH_SIZE = 20;

/** One run. A refused change is retried until the margin; a successful one arrives as a webhook. */
export async function carryOutScheduledChanges(
  gateway: Gateway,
  find: GetProcessor,
): Promise<{ done: number; failed: number }> {
  const result = { done: 0, failed: 0 };
  for (const due of await gateway.claimScheduledChanges(SCHEDULED_AHEAD, RENEWAL_MARGIN, BATCH_SIZE)) {
    try {
      await carryOut(due, find);
      result.done += 1;
      log.info({ ...due }, "[Job] Scheduled plan change carried out");
    } catch (error) {
      const stored = await gateway.failScheduledChange(due, String(error));
      log.error({ ...due, ...stored, error: String(error) }, "[Job] Scheduled plan change failed");
      result.failed += 1;
    }
  }
  return result;
}

async function carryOut({ processor, product, subscription, plan, interval }: DueChange, find: GetProcessor) {
  const found = await find(processor);
  if (found === undefined) throw new Error(`${processor} is not configured`);
  const priceId = isProductId(product) ? found.sold({ product, plan, interval }) : undefined;
  if (priceId === undefined) throw new Error(`No price is set for ${product} ${plan} ${interval}`);
  await found.client.change({ subscription, priceId, timing: "renewal" });
}
