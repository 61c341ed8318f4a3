/** Decides what was stored and not decided: a crash, a 503, an event that threw, a link that has come since. */
import { MAX_ATTEMPTS, settleStored } from "@/lib/billing";
import { DatabaseError, type Gateway } from "@/lib/database";
import { log } from "@/lib/observability";

const BATCH = 50;

/**
 * One round; two at once never take the same event. What throws is tried again later and is dead after its attempts.
 * @throws DatabaseError unavailable: the rest waits for the next round
 */
export async function retryWebhooks(gateway: Gateway): Promise<{ decided: number; failed: number }> {
  const result = { decided: 0, failed: 0 };
  for (;;) {
    const claimed = await gateway.claimWebhookEvents(BATCH);
    for (const { processor, id } of claimed) {
      try {
        await settleStored(processor, id, gateway);
        result.decided += 1;
      } catch (error) {
        if (error instanceof DatabaseError && error.problem === "unavailable") throw error;
        const noted = await gateway.failWebhookEvent({ processor, id }, String(error), MAX_ATTEMPTS);
        log.error({ processor, eventId: id, error: String(error), ...noted }, "[Webhook] Retry failed");
        result.failed += 1;
      }
    }
    if (claimed.length < BATCH) return result;
  }
}
