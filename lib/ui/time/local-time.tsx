"use client";

import { useSyncExternalStore } from "react";
import { formatTime, formatUtc, type TimeForm } from "@/lib/messages/format";

interface LocalTimeProps {
  /** ISO. */
  at: string;
  form: TimeForm;
  locale: string;
  /** The server's now, which decides whether the year must be shown. */
  now: string;
  /** The zone that the server wrote `serverText` in, or "" where it did not know the reader's. */
  serverZone: string;
  serverText: string;
}

/** A time in the reader's own zone. Hydrates with the server's very text, so that no difference in ICU data shows. */
export function LocalTime({ at, form, locale, now, serverZone, serverText }: LocalTimeProps) {
  const zone = useSyncExternalStore(neverChanges, browserZone, () => serverZone);
  const text = zone === serverZone ? serverText : formatTime(at, form, { locale, zone, now: Date.parse(now) });
  return (
    <time dateTime={at} title={formatUtc(at)} className="whitespace-nowrap">
      {text}
    </time>
  );
}

/** The zone of this browser. */
export function browserZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

function neverChanges(): () => void {
  return () => {};
}
