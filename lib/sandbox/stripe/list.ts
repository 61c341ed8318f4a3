import type Stripe from "stripe";

/** One page of a list. */
export function listOf<T>(url: string, data: T[], hasMore = false) {
  return { object: "list" as const, data, has_more: hasMore, url } satisfies Stripe.ApiList<T>;
}
