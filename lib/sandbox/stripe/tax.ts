/** Automatic tax: one fixed rate per country, so that a reader can check the sums. Pure. */
import type { LineSpec, LineTax } from "../event-builders/stripe/events";

/** Percent; a country that is not listed has none. */
export const TAX_RATES: Readonly<Record<string, number>> = { DE: 19, FR: 20, GB: 20, US: 0 };
export const COUNTRIES: readonly { code: string; name: string }[] = [
  { code: "US", name: "United States" },
  { code: "DE", name: "Germany" },
  { code: "FR", name: "France" },
  { code: "GB", name: "United Kingdom" },
];

export function isCountry(value: string): boolean {
  return COUNTRIES.some(({ code }) => code === value);
}

type Line = Omit<LineSpec, "id">;

/**
 * The lines with the country's tax. Without a tax behaviour of the price, tax is added, since prices are in dollars.
 */
export function taxed(country: string | null | undefined, lines: readonly Line[]): Line[] {
  const rate = country ? (TAX_RATES[country] ?? 0) : 0;
  if (rate === 0) return [...lines];
  return lines.map((line) => {
    const tax = taxOn(line, rate, `txr_sandbox_${country}`.toLowerCase());
    return tax.amount === 0 ? line : { ...line, tax };
  });
}

function taxOn({ amount, discount = 0, price }: Line, percent: number, rate: string): LineTax {
  const behavior = price.taxBehavior ?? "exclusive";
  const after = amount - discount;
  const part = behavior === "exclusive" ? (after * percent) / 100 : (after * percent) / (100 + percent);
  const tax = Math.sign(part) * Math.round(Math.abs(part)) + 0;
  return { amount: tax, rate, behavior, taxable: behavior === "exclusive" ? after : after - tax };
}
