/** The locale of an installation that names none. */
export const DEFAULT_LOCALE = "en-GB";

/** The locale of dates: month names are English, since the sentences around them are, in the order of the locale's English. */
export function dateLocale(locale: string): string {
  return locale === "en" || locale.startsWith("en-") ? locale : DEFAULT_LOCALE;
}
