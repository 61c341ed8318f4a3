/** Creates the due notices of all users and sends them by the configured deliveries. */

import { log } from "@/lib/core/observability";
import type { Gateway } from "@/lib/database";
import { DEFAULT_LOCALE, formatTime } from "@/lib/messages/format";
import { DELIVERIES, type NoticeDelivery, noticeWords } from "@/lib/notices";

/** One run can send this number within the time limit of hosts. */
const BATCH_SIZE = 100;

/** One run. Concurrent runs write one row per occasion, and never send the same notice at once. */
export async function createAndSendNotices(gateway: Gateway, deliveries: readonly NoticeDelivery[] = DELIVERIES) {
  let created = 0;
  for (let after: string | null = ""; after !== null; ) {
    const page: Awaited<ReturnType<Gateway["createDueNotices"]>> = await gateway.createDueNotices(after);
    created += page.made;
    after = page.next;
  }
  // Without a delivery no notice is claimed, so that a later delivery starts with those of the last day.
  const sent = deliveries.length > 0 ? await deliver(gateway, deliveries) : { delivered: 0, failed: 0 };
  const { deleted } = await gateway.cleanupNotices();
  return { made: created, ...sent, deleted };
}

async function deliver(gateway: Gateway, deliveries: readonly NoticeDelivery[]) {
  const result = { delivered: 0, failed: 0 };
  for (const { email, ...notice } of await gateway.claimNotices(BATCH_SIZE)) {
    const day = (at: string) =>
      formatTime(at, "day", { locale: DEFAULT_LOCALE, zone: "UTC", now: Date.parse(notice.at) });
    const words = noticeWords(notice, { locale: DEFAULT_LOCALE, day });
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
