/** Amounts in a config, as people write them: `usd(12)`, `eur(9.99)`, `money(500, "jpy")`. */

export interface Money {
  /** In whole units of the currency, as written: 9.99 is 9 dollars and 99 cents. */
  readonly value: number;
  /** ISO 4217 code in lower case. */
  readonly currency: string;
}

/**
 * An amount in whole units of any currency: `money(500, "jpy")` is 500 yen.
 * @param currency ISO 4217 code
 */
export function money(value: number, currency: string): Money {
  return { value, currency: typeof currency === "string" ? currency.toLowerCase() : currency };
}

/** US dollars: `usd(9.99)`. */
export const usd = (value: number): Money => money(value, "usd");
/** Euros: `eur(9.99)`. */
export const eur = (value: number): Money => money(value, "eur");
/** Pounds sterling: `gbp(9.99)`. */
export const gbp = (value: number): Money => money(value, "gbp");

/** ISO 4217 codes in lower case that this runtime knows. */
export function currencies(): string[] {
  return Intl.supportedValuesOf("currency").map((code) => code.toLowerCase());
}

/** How many decimals the currency has: 2 for dollars, 0 for yen, 3 for Kuwaiti dinars. */
export function currencyDecimals(currency: string): number {
  const { maximumFractionDigits } = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions();
  return maximumFractionDigits ?? 2;
}

/** The exact amount in minor units (cents); undefined if the amount has more decimals than the currency, or is too large. */
export function minorUnits({ value, currency }: Money): number | undefined {
  const decimals = currencyDecimals(currency);
  const [, whole, fraction = ""] = /^(\d+)(?:\.(\d+))?$/.exec(String(value)) ?? [];
  if (whole === undefined || fraction.length > decimals) return undefined;
  const minor = Number(whole + fraction.padEnd(decimals, "0"));
  return Number.isSafeInteger(minor) ? minor : undefined;
}
