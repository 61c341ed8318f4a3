/** The facts of a fetched subscription, read by its processor's normalizer. */
import { withoutPlan } from "../items";
import type { SubscriptionReading } from "./client";
import type { Normalized } from "./processor";

/** Its facts by product, and the one that known products without a plan in it share. */
export function readingOf(
  normalized: Extract<Normalized, { outcome: "facts" | "unpriced" }>,
): Pick<SubscriptionReading, "facts" | "shared"> {
  const entries = normalized.outcome === "facts" ? normalized.facts : [];
  const facts = entries.flatMap(({ product, fact }) => (fact.kind === "snapshot" ? [{ product, fact }] : []));
  const [first] = facts;
  const shared = normalized.outcome === "unpriced" ? normalized.fact : first && withoutPlan(first.fact);
  return { facts, shared: shared?.kind === "snapshot" ? shared : null };
}
