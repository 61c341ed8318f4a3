/** Deletes expired idempotency keys, reservations, rate limits and decided webhooks. */
import type { Gateway } from "@/lib/database";

/** The contract: a retry with the same key gets the same verdict for 48 hours. */
const KEY_HOURS = 48;

/**
 * One run, in small batches, so that each locks its rows for a short time. After a kill the next run continues.
 * @param webhookDays the age from which decided webhooks are deleted
 */
export async function cleanUp(gateway: Gateway, webhookDays: number) {
  const result = { keys: 0, reservations: 0, rateLimits: 0, webhookEvents: 0 };
  for (let more = true; more; ) {
    const batch = await gateway.cleanupUsage(KEY_HOURS);
    result.keys += batch.keys;
    result.reservations += batch.reservations;
    more = batch.more;
  }
  for (let more = true; more; ) {
    const batch = await gateway.cleanupRateLimits();
    result.rateLimits += batch.deleted;
    more = batch.more;
  }
  result.webhookEvents = (await gateway.cleanupWebhookEvents(webhookDays)).deleted;
  return result;
}
