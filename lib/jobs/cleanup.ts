/** Removes what was kept for retries and for looking back, when its time is over. */
import type { Gateway } from "@/lib/database";

/** As long as a retry with the same key is promised the same verdict. */
const KEY_HOURS = 48;

/**
 * One round, in portions that each hold their locks for a moment. A round that is killed has removed what it had
 * removed; the next goes on.
 * @param webhookDays age from which webhooks that were decided are deleted
 */
export async function cleanUp(gateway: Gateway, webhookDays: number) {
  const result = { keys: 0, reservations: 0, rateLimits: 0, webhookEvents: 0 };
  for (let more = true; more; ) {
    const portion = await gateway.cleanupUsage(KEY_HOURS);
    result.keys += portion.keys;
    result.reservations += portion.reservations;
    more = portion.more;
  }
  for (let more = true; more; ) {
    const portion = await gateway.cleanupRateLimits();
    result.rateLimits += portion.deleted;
    more = portion.more;
  }
  result.webhookEvents = (await gateway.cleanupWebhookEvents(webhookDays)).deleted;
  return result;
}
