"use client";

import { useSyncExternalStore } from "react";
import { formatTime, formatUtc, type TimeForm } from "@/lib/messages/format";

interface LocalTimeProps {
  /** ISO. */
  at: string;
  form: TimeForm;
  locale: string;
  /** The server's time, which decides whether the year is shown. */
  now: string;
  /** The time zone of `serverText`; "" if the server did not know the user's. */
  serverZone: string;
  serverText: string;
}

/**
 * A time in the browser's time zone. It hydrates with the server's exact text, so that different ICU data cause no
 * mismatch.
 */
export function LocalTime({ at, form, locale, now, serverZone, serverText }: LocalTimeProps) {
  const zone = useSyncExternalStore(neverChanges, browserZone, () => serverZone);
  const text = zone === serverZone ? serverText : formatTime(at, form, { locale, zone, now: Date.parse(now) });
  return (
    <time dateTime={at} title={formatUtc(at)} className="whitespace-nowrap">
      {text}
    </time>
  );
}

/** The browser's time zone; an IANA name. */
export function browserZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

function neverChanges(): () => void {
  return () => {};
}
