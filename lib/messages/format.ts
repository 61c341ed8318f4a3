/**
 * Formats of all numbers, money and dates that users read.
 *
 * Numbers and money follow the user's locale. Dates keep English month names, since the sentences around them are
 * English, in the order of the user's English ("November 29" or "29 November"). The server picks the locale once
 * (request-locale.ts) and passes it on, so that server and browser write the same text.
 */

import { dateLocale } from "@/lib/config/locale";

/** The settings for times: locale, IANA zone, and the current instant, which defines "this year". */
export interface TimeFormat {
  locale: string;
  zone: string;
  now: number;
}

/** `day`: 29 November. `moment`: 29 November at 14:00. The year is added if it is not the current one. */
export type TimeForm = "day" | "moment";

/** The best locale of an `Accept-Language` header; the installation's own if it names none that we know. */
export function pickLocale(acceptLanguage: string | null, ownLocale: string): string {
  const preferences = (acceptLanguage ?? "")
    .slice(0, 200)
    .split(",")
    .map((part) => {
      const [tag = "", ...parameters] = part.trim().split(";");
      const quality = parameters.find((parameter) => parameter.trim().startsWith("q="));
      return { tag: tag.trim(), quality: quality ? Number(quality.trim().slice(2)) : 1 };
    })
    .filter(({ tag, quality }) => tag !== "" && tag !== "*" && quality > 0)
    .sort((a, b) => b.quality - a.quality);
  return preferences.map(({ tag }) => supported(tag)).find((tag) => tag !== undefined) ?? ownLocale;
}

function supported(tag: string): string | undefined {
  try {
    return Intl.NumberFormat.supportedLocalesOf(tag)[0];
  } catch {
    return undefined;
  }
}

/** 12,000 */
export function formatNumber(value: number, locale: string): string {
  return new Intl.NumberFormat(locale, { numberingSystem: "latn" }).format(value);
}

/** A count with its noun: "1 word", "12,000 words". */
export function formatCount(value: number, unit: { one: string; many: string }, locale: string): string {
  return `${formatNumber(value, locale)} ${value === 1 ? unit.one : unit.many}`;
}

/** Money from minor units (cents; yen have none): "$39.99"; whole amounts without decimals: "$19". */
export function formatMoney(minorUnits: number, locale: string, currency: string): string {
  const options = { style: "currency", currency, currencyDisplay: "narrowSymbol", numberingSystem: "latn" } as const;
  const decimals = new Intl.NumberFormat("en", options).resolvedOptions().maximumFractionDigits ?? 2;
  const digits = minorUnits % 10 ** decimals === 0 ? 0 : decimals;
  return new Intl.NumberFormat(locale, {
    ...options,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(minorUnits / 10 ** decimals);
}

/** An instant (ISO) in the user's time zone. */
export function formatTime(at: string, form: TimeForm, { locale, zone, now }: TimeFormat): string {
  const year = (instant: number) => new Intl.DateTimeFormat("en", { year: "numeric", timeZone: zone }).format(instant);
  const instant = Date.parse(at);
  return new Intl.DateTimeFormat(dateLocale(locale), {
    timeZone: zone,
    day: "numeric",
    month: "long",
    year: year(instant) === year(now) ? undefined : "numeric",
    ...(form === "moment" && { hour: clock(dateLocale(locale)), minute: "2-digit" }),
  }).format(instant);
}

/** A UTC day ("2026-11-29") in charts and tables: "29 November", or "29 Nov" if space is short. */
export function formatDay(day: string, locale: string, month: "long" | "short" = "long"): string {
  return new Intl.DateTimeFormat(dateLocale(locale), { timeZone: "UTC", day: "numeric", month }).format(
    Date.parse(`${day}T00:00:00Z`),
  );
}

/** "1:00 AM", but "01:00": without AM or PM, "1:00" could be read as either half of the day. */
function clock(locale: string): "numeric" | "2-digit" {
  return new Intl.DateTimeFormat(locale, { hour: "numeric" }).resolvedOptions().hour12 ? "numeric" : "2-digit";
}

/** The instant to the minute in UTC, for titles: "2026-11-29 14:00 UTC". */
export function formatUtc(at: string): string {
  return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** Whether the text is a time zone of this runtime. */
export function isZone(zone: string | undefined): zone is string {
  if (zone === undefined || !/^[A-Za-z0-9_+\-/]{1,64}$/.test(zone)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
