import type { Fact } from "./facts";

/**
 * Of the ends that other products' facts tell, those of subscriptions that this product has facts of: a subscription
 * ends for all its products, also where the product was not known when the end came.
 */
export function endsOf(facts: readonly Fact[], ends: readonly Fact[]): Fact[] {
  const own = new Set(facts.map(({ processor, subscription }) => `${processor}:${subscription}`));
  const known = new Set(facts.map(({ id }) => id));
  return ends.filter(({ id, processor, subscription }) => own.has(`${processor}:${subscription}`) && !known.has(id));
}
