/** Facts of fetched objects, from the normalizer's output. */
import { withoutPlan } from "@/lib/billing/timeline/plan-items";
import type { PaymentRecords, SubscriptionReading } from "./processor-client";
import type { Normalized } from "./webhook-source";

/** The facts by product, and the fact for known products without a plan in the subscription. */
export function readingOf(
  normalized: Extract<Normalized, { outcome: "facts" | "unpriced" }>,
): Pick<SubscriptionReading, "facts" | "shared"> {
  const entries = normalized.outcome === "facts" ? normalized.facts : [];
  const facts = entries.flatMap(({ product, fact }) => (fact.kind === "snapshot" ? [{ product, fact }] : []));
  const [first] = facts;
  const shared = normalized.outcome === "unpriced" ? normalized.fact : first && withoutPlan(first.fact);
  return { facts, shared: shared?.kind === "snapshot" ? shared : null };
}

/** The facts of a fetched invoice or transaction; nothing if it pays for no plan. */
export function paymentsOf(normalized: Normalized): PaymentRecords["payments"] {
  if (normalized.outcome === "unpriced") {
    return normalized.fact.kind === "payment" ? [{ product: null, fact: normalized.fact }] : [];
  }
  if (normalized.outcome !== "facts") return [];
  return normalized.facts.flatMap(({ product, fact }) => (fact.kind === "payment" ? [{ product, fact }] : []));
}
