import { formatTime } from "@/lib/messages/format";
import { noticeWords } from "@/lib/messages/notice";
import type { Notice as NoticeRow } from "@/lib/notices";
import { requestLocale } from "../request-locale";
import { Instant } from "../time/instant";
import { DismissButton } from "./dismiss-button";

const MARKS = {
  near_limit: "bg-warn",
  limit_reached: "bg-danger",
  payment_failed: "bg-danger",
  plan_ended: "bg-muted",
};

/** The user's notices that are not dismissed, newest first; empty if there are none. */
export async function NoticeList({ notices, now }: { notices: NoticeRow[]; now: string }) {
  const { locale, zone } = await requestLocale();
  const shown = notices.filter(({ current, dismissed }) => current && !dismissed);
  if (shown.length === 0) return null;
  // If the zone is not known yet, the day is marked as UTC (time/instant.tsx).
  const day = (at: string) =>
    formatTime(at, "day", { locale, zone: zone ?? "UTC", now: Date.parse(now) }) + (zone === null ? " (UTC)" : "");
  return (
    <section aria-labelledby="notices">
      <h2 id="notices" className="font-semibold text-base">
        Notices
      </h2>
      <ul className="mt-3 divide-y divide-line border-line border-y">
        {shown.map((notice) => {
          const { title, body } = noticeWords(notice, { locale, day });
          return (
            <li key={notice.id} className="flex items-start gap-3 py-3 text-sm">
              <span aria-hidden="true" className={`mt-1.5 size-2 shrink-0 rounded-full ${MARKS[notice.kind]}`} />
              <div className="flex-1 text-pretty">
                <p className="font-medium">{title}</p>
                <p className="mt-0.5 text-muted">
                  {body} Noted on <Instant at={notice.at} now={now} />.
                </p>
              </div>
              <DismissButton id={notice.id} title={title} />
            </li>
          );
        })}
      </ul>
    </section>
  );
}
