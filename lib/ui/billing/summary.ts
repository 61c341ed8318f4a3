import type { SubscriptionView, UsageView } from "@/lib/billing/schemas/usage-view";
import { product } from "@/lib/config/current-catalog";
import { isFree } from "@/lib/messages/plan";
import { meterAlert } from "../meter/meter-words";

/** Open payments first, then paid plans, then free plans. */
export function byUrgency(a: SubscriptionView, b: SubscriptionView): number {
  return Number(isOpen(b)) - Number(isOpen(a)) || Number(isFree(a)) - Number(isFree(b));
}

function isOpen({ status }: SubscriptionView): boolean {
  return status === "past_due" || status === "unpaid";
}

/** The alerts of all subscriptions as sentences, open payments first; one sentence if there are none. */
export function summary({ subscriptions }: Pick<UsageView, "subscriptions">, locale: string): string {
  const payments = subscriptions
    .filter(isOpen)
    .map(({ product: id }) => `Your last payment for ${product(id).name} failed.`);
  // The worst meter of each product; its card shows the others.
  const meters = subscriptions.flatMap(({ product: id, meters }) =>
    meters
      .toSorted((a, b) => Number(b.overLimit) - Number(a.overLimit) || a.remaining / a.limit - b.remaining / b.limit)
      .flatMap((meter) => meterAlert(id, meter, locale) ?? [])
      .slice(0, 1),
  );
  const alerts = [...payments, ...meters];
  return alerts.length === 0 ? "You are within every limit." : alerts.join(" ");
}
