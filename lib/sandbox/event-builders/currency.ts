/** The currency of every object of the fake processors: the config's. */
import type { CurrencyCode } from "@paddle/paddle-node-sdk";
import { catalog } from "@/lib/config/current-catalog";

/** As Stripe writes it, in lower case. */
export function stripeCurrency(): string {
  return catalog().currency;
}

/** As Paddle writes it, in capitals. */
export function paddleCurrency(): CurrencyCode {
  return catalog().currency.toUpperCase() as CurrencyCode;
}

/** An amount as the processors write it in descriptions: "$19.00". @param minorUnits cents; yen have none */
export function amountText(minorUnits: number): string {
  const format = new Intl.NumberFormat("en", { style: "currency", currency: catalog().currency, useGrouping: false });
  return format.format(minorUnits / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}
