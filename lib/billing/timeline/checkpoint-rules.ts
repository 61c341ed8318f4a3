/** The rules and the configuration that a checkpoint was computed with: others give another timeline. */
import type { Product } from "@/lib/config/catalog";

/** Raise it with each change of the fold that changes a timeline or the meaning of a checkpoint's field. */
export const RULES_VERSION = 1;

const configurations = new WeakMap<Product, string>();

/** The product's configuration as the fold reads it: plans, ranks, limits, cadences and counters. */
export function configurationOf(product: Product): string {
  const known = configurations.get(product);
  if (known !== undefined) return known;
  const configuration = describe(product);
  configurations.set(product, configuration);
  return configuration;
}

function describe({ plans, meters }: Product): string {
  return JSON.stringify({
    plans: Object.entries(plans).map(([id, { rank, cadence, perQuantity = false, limits }]) => [
      id,
      rank,
      cadence,
      perQuantity,
      limits,
    ]),
    counters: Object.entries(meters).flatMap(([field, { kind }]) => (kind === "counter" ? [field] : [])),
  });
}
