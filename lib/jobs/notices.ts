/** Finds what users should be told, and hands it to whatever delivers it. The gate knows nothing of this. */
import type { Gateway } from "@/lib/database";
import { DEFAULT_LOCALE, formatTime } from "@/lib/messages/format";
import { DELIVERIES, type NoticeDelivery, noticeWords } from "@/lib/notices";
import { log } from "@/lib/observability";

/** As many as a round can send within the time that hosts give one. */
const BATCH = 100;

/** One round; two at once write one row for each occasion, and never send the same one at the same time. */
export async function tellUsers(gateway: Gateway, deliveries: readonly NoticeDelivery[] = DELIVERIES) {
  let made = 0;
  for (let after: string | null = ""; after !== null; ) {
    const page: Awaited<ReturnType<Gateway["makeDueNotices"]>> = await gateway.makeDueNotices(after);
    made += page.made;
    after = page.next;
  }
  // Without a delivery nothing is claimed: one that is plugged in later begins with the last day's.
  const sent = deliveries.length > 0 ? await deliver(gateway, deliveries) : { delivered: 0, failed: 0 };
  const { deleted } = await gateway.cleanupNotices();
  return { made, ...sent, deleted };
}

async function deliver(gateway: Gateway, deliveries: readonly NoticeDelivery[]) {
  const result = { delivered: 0, failed: 0 };
  for (const { email, ...notice } of await gateway.claimNotices(BATCH)) {
    const day = (at: string) =>
      formatTime(at, "day", { locale: DEFAULT_LOCALE, zone: "UTC", now: Date.parse(notice.at) });
    const words = noticeWords(notice, { locale: DEFAULT_LOCALE, day });
    const outcomes = await Promise.allSettled(deliveries.map(({ send }) => send({ notice, words, email })));
    const failed = outcomes.flatMap((outcome, index) =>
      outcome.status === "rejected" ? [{ delivery: deliveries[index]?.name, error: String(outcome.reason) }] : [],
    );
    for (const failure of failed) {
      log.error({ userId: notice.userId, noticeId: notice.id, ...failure }, "[Job] Notice could not be delivered");
    }
    if (failed.length === 0) await gateway.concludeNotice(notice.userId, notice.id);
    result[failed.length === 0 ? "delivered" : "failed"] += 1;
  }
  return result;
}
