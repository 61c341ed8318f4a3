/** Decides stored events without a decision: after a crash, a 503, an error, or a link that arrived later. */

import { log } from "@/lib/core/observability";
import { type TimeBudget, timeBudget } from "@/lib/core/time-budget";
import { DatabaseError, type Gateway, type WaitingKey } from "@/lib/database";
import { MAX_ATTEMPTS, processStoredEvent } from "@/lib/webhooks";

/** So few that all can be decided before their claims end. */
const BATCH_SIZE = 50;

/**
 * One run over all waiting events. Concurrent runs never claim the same event. A failed event is retried later, and is dead
 * after `MAX_ATTEMPTS`.
 * @throws DatabaseError unavailable; the rest waits for the next run
 */
export async function retryWebhooks(
  gateway: Gateway,
  budget: TimeBudget = timeBudget(),
): Promise<{ decided: number; failed: number }> {
  const result = { decided: 0, failed: 0 };
  for (let after: WaitingKey | null = null; ; ) {
    const page: Awaited<ReturnType<Gateway["claimWebhookEvents"]>> = await gateway.claimWebhookEvents(
      BATCH_SIZE,
      after,
    );
    for (const { processor, id } of page.events) {
      try {
        await processStoredEvent(processor, id, gateway);
        result.decided += 1;
      } catch (error) {
        if (error instanceof DatabaseError && error.problem === "unavailable") throw error;
        const stored = await gateway.failWebhookEvent({ processor, id }, String(error), MAX_ATTEMPTS);
        log.error({ processor, eventId: id, error: String(error), ...stored }, "[Webhook] Retry failed");
        result.failed += 1;
      }
    }
    if (budget.isOver()) return result;
    if (page.events.length === BATCH_SIZE) continue;
    if (page.next === null) return result;
    after = page.next;
  }
}
