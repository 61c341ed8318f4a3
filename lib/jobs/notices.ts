/** Creates the due notices of all users and sends them by the configured deliveries. */

import { z } from "zod";
import { currentConfig } from "@/lib/config/current-catalog";
import { log } from "@/lib/core/observability";
import { type TimeBudget, timeBudget } from "@/lib/core/time-budget";
import type { Gateway } from "@/lib/database";
import { formatTime } from "@/lib/messages/format";
import { DELIVERIES, type NoticeDelivery, noticeWords } from "@/lib/notices";
import { afterUser, userPosition, walk } from "./walk";

const BATCH_SIZE = 100;

/**
 * One run. Concurrent runs write one row per occasion, and never send the same notice at once. A run whose time ends during
 * the walk still sends one batch.
 */
export async function createAndSendNotices(
  gateway: Gateway,
  deliveries: readonly NoticeDelivery[] = DELIVERIES,
  budget: TimeBudget = timeBudget(),
) {
  const { totals, complete } = await walk(
    gateway,
    {
      job: "notices",
      part: "users",
      position: userPosition,
      totals: z.object({ made: z.number() }),
      none: { made: 0 },
    },
    async (after, { made }) => {
      const page = await gateway.createDueNotices(after?.user ?? "");
      return { next: afterUser(page.next), totals: { made: made + page.made } };
    },
    budget,
  );
  const result = { ...totals, delivered: 0, failed: 0, deleted: 0, complete };
  // Without a delivery no notice is claimed, so that a later delivery starts with those of the last day.
  if (deliveries.length > 0) {
    for (let claimed = BATCH_SIZE; claimed === BATCH_SIZE; ) {
      const sent = await deliver(gateway, deliveries);
      result.delivered += sent.delivered;
      result.failed += sent.failed;
      claimed = budget.isOver() ? 0 : sent.delivered + sent.failed;
    }
  }
  for (let more = true; more; ) {
    const batch = await gateway.cleanupNotices();
    result.deleted += batch.deleted;
    more = batch.more && !budget.isOver();
  }
  return result;
}

async function deliver(gateway: Gateway, deliveries: readonly NoticeDelivery[]) {
  const result = { delivered: 0, failed: 0 };
  for (const { email, ...notice } of await gateway.claimNotices(BATCH_SIZE)) {
    const { locale } = currentConfig();
    const day = (at: string) => formatTime(at, "day", { locale, zone: "UTC", now: Date.parse(notice.at) });
    const words = noticeWords(notice, { locale, day });
    const outcomes = await Promise.allSettled(deliveries.map(({ send }) => send({ notice, words, email })));
    const failed = outcomes.flatMap((outcome, index) =>
      outcome.status === "rejected" ? [{ delivery: deliveries[index]?.name, error: String(outcome.reason) }] : [],
    );
    for (const failure of failed) {
      log.error({ userId: notice.userId, noticeId: notice.id, ...failure }, "[Job] Sending a notice failed");
    }
    if (failed.length === 0) await gateway.finishNotice(notice.userId, notice.id);
    result[failed.length === 0 ? "delivered" : "failed"] += 1;
  }
  return result;
}
