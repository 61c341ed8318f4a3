import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";

/** What of a subscription a change can change, as a word for an address: another one, and the change is here. */
export function standingMark({ plan, interval, status, cancelAt, scheduledPlan }: SubscriptionView): string {
  return [plan, interval, status, cancelAt && Date.parse(cancelAt), scheduledPlan].map((part) => part ?? "").join(".");
}
