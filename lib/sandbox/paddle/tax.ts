/** Test tax rates by the payer's country. In production, Paddle is the seller and computes the tax. */

const RATES = {
  US: { name: "United States", rate: null },
  GB: { name: "United Kingdom", rate: "0.2" },
  DE: { name: "Germany", rate: "0.19" },
  IE: { name: "Ireland", rate: "0.23" },
} as const satisfies Readonly<Record<string, { name: string; rate: string | null }>>;

export type Country = keyof typeof RATES;

export const COUNTRIES = Object.entries(RATES).map(([code, { name, rate }]) => ({
  code,
  name,
  percent: rate === null ? null : Math.round(Number(rate) * 100),
}));

/** The country of customers who entered none, and of accounts of an older version. */
export const DEFAULT_COUNTRY: Country = "US";

export function isCountry(code: string): code is Country {
  return Object.hasOwn(RATES, code);
}

/** "0.2" is 20 %; undefined if no tax is due. */
export function taxRateIn(country: Country = DEFAULT_COUNTRY): string | undefined {
  return RATES[country].rate ?? undefined;
}
