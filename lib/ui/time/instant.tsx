import { formatTime, type TimeForm } from "@/lib/messages/format";
import { requestLocale } from "../request-locale";
import { LocalTime } from "./local-time";

/** An instant (ISO) in the user's time zone; in UTC, and marked so, if the zone is not known. */
export async function Instant({ at, now, form = "day" }: { at: string; now: string; form?: TimeForm }) {
  const { locale, zone } = await requestLocale();
  const text = formatTime(at, form, { locale, zone: zone ?? "UTC", now: Date.parse(now) });
  const mark = form === "day" ? " (UTC)" : " UTC";
  return (
    <LocalTime
      at={at}
      form={form}
      locale={locale}
      now={now}
      serverZone={zone ?? ""}
      serverText={zone === null ? text + mark : text}
    />
  );
}
