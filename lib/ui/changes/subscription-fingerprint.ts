import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";

/** The parts of a subscription that a plan change alters, as text for an address. It differs when the change arrives. */
export function subscriptionFingerprint({ plan, interval, status, cancelAt, scheduledPlan }: SubscriptionView): string {
  return [plan, interval, status, cancelAt && Date.parse(cancelAt), scheduledPlan].map((part) => part ?? "").join(".");
}
