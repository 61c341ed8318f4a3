import { product } from "@/lib/billing/catalog";
import type { UsageView } from "@/lib/usage/view";
import { meterAlert } from "../meter/meter-words";

/** The page's answer in a sentence or two, the worst first; what needs nothing is not named. */
export function summary({ subscriptions }: UsageView, locale: string): string {
  const payments = subscriptions
    .filter(({ status }) => status === "past_due" || status === "unpaid")
    .map(({ product: id }) => `Your last payment for ${product(id).name} failed.`);
  // One a product: its card tells the rest.
  const meters = subscriptions.flatMap(({ product: id, meters }) =>
    meters
      .toSorted((a, b) => Number(b.overLimit) - Number(a.overLimit) || a.remaining / a.limit - b.remaining / b.limit)
      .flatMap((meter) => meterAlert(id, meter, locale) ?? [])
      .slice(0, 1),
  );
  const alerts = [...payments, ...meters];
  return alerts.length === 0 ? "You are within every limit." : alerts.join(" ");
}
