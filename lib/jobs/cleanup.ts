/** Deletes expired idempotency keys, reservations, rate limits and decided webhooks. */

import { type TimeBudget, timeBudget } from "@/lib/core/time-budget";
import type { Gateway } from "@/lib/database";

/** The contract: a retry with the same key gets the same verdict for 48 hours. */
const KEY_HOURS = 48;

/**
 * One run, in small batches, so that each locks its rows for a short time. After a kill or the end of the time the next run
 * continues.
 * @param webhookDays the age from which decided webhooks are deleted
 */
export async function cleanUp(gateway: Gateway, webhookDays: number, budget: TimeBudget = timeBudget()) {
  const result = { keys: 0, reservations: 0, rateLimits: 0, webhookEvents: 0, complete: true };
  const repeat = async (work: () => Promise<{ more: boolean }>) => {
    let { more } = await work();
    while (more && !budget.isOver()) ({ more } = await work());
    result.complete &&= !more;
  };
  await repeat(async () => {
    const batch = await gateway.cleanupUsage(KEY_HOURS);
    result.keys += batch.keys;
    result.reservations += batch.reservations;
    return batch;
  });
  await repeat(async () => {
    const batch = await gateway.cleanupRateLimits();
    result.rateLimits += batch.deleted;
    return batch;
  });
  await repeat(async () => {
    const batch = await gateway.cleanupWebhookEvents(webhookDays);
    result.webhookEvents += batch.deleted;
    return batch;
  });
  return result;
}
