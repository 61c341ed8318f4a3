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
  /** The zone of `serverText`, or "" if the server did not know the reader's. */
  serverZone: string;
  serverText: string;
}

/**
 * A time in the reader's own zone. It hydrates with the server's exact text, so that differences in ICU data stay
 * hidden.
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

/** The browser's zone. */
export function browserZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

function neverChanges(): () => void {
  return () => {};
}
