import { cookies, headers } from "next/headers";
import { cache } from "react";
import { isZone, pickLocale } from "@/lib/messages/format";

/** Who reads this response: their locale, and their zone where an earlier page learned it (cookie `tz`). */
export interface RequestLocale {
  locale: string;
  /** IANA name; null until the first page with script has told. */
  zone: string | null;
}

/** The reader of the current request. */
export const requestLocale = cache(async (): Promise<RequestLocale> => {
  const [head, jar] = await Promise.all([headers(), cookies()]);
  const zone = jar.get("tz")?.value;
  return { locale: pickLocale(head.get("accept-language")), zone: isZone(zone) ? zone : null };
});
