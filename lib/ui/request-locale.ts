import { cookies, headers } from "next/headers";
import { cache } from "react";
import { currentConfig } from "@/lib/config/current-catalog";
import { isZone, pickLocale } from "@/lib/messages/format";

/** The user's locale, and the time zone if an earlier page stored it (cookie `tz`). */
export interface RequestLocale {
  locale: string;
  /** IANA name; null until a page with script has stored it. */
  zone: string | null;
}

/** The locale and zone of the current request. */
export const requestLocale = cache(async (): Promise<RequestLocale> => {
  const [head, jar] = await Promise.all([headers(), cookies()]);
  const zone = jar.get("tz")?.value;
  return { locale: pickLocale(head.get("accept-language"), currentConfig().locale), zone: isZone(zone) ? zone : null };
});
