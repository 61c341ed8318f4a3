/** Assigns the facts of an event to users: a subscription that an admin has moved has a present user and former ones. */

import { withoutPlan } from "@/lib/billing/timeline/plan-items";
import { factsBefore } from "@/lib/billing/timeline/transfer";
import type { Fact } from "@/lib/billing/types";
import type { ProductId } from "@/lib/config/catalog";
import { isProductId } from "@/lib/config/current-catalog";
import { DatabaseError, type FormerUser, type Gateway } from "@/lib/database";
import type { Normalized } from "@/lib/processors";

export type Facts = Extract<Normalized, { outcome: "facts" }>;
export type Unpriced = Extract<Normalized, { outcome: "unpriced" }>;
export type Entry = Facts["facts"][number];

/** Marks the facts of an event that names another user than its subscription's. The fold flags such facts. */
export function markDisputed(normalized: Facts | Unpriced): Facts | Unpriced {
  if (normalized.outcome === "unpriced") return { ...normalized, fact: { ...normalized.fact, ownerDisputed: true } };
  const facts = normalized.facts.map(({ product, fact }) => ({
    product,
    fact: { ...fact, ownerDisputed: true as const },
  }));
  return { ...normalized, facts };
}

/**
 * The facts that an event adds to a former user's timelines, by product: those dated before the move, even if they arrive
 * late. The fact without a plan goes to the subscription's other products that this user had.
 */
export async function formerFacts(normalized: Facts | Unpriced, { userId, until }: FormerUser, gateway: Gateway) {
  const named: readonly Entry[] = normalized.outcome === "facts" ? normalized.facts : [];
  const [first] = named;
  const shared = normalized.outcome === "unpriced" ? normalized.fact : first ? withoutPlan(first.fact) : null;
  const others = shared ? await sharedWithOthers(named, shared, userId, gateway) : [];
  const byProduct = new Map<ProductId, Fact[]>();
  for (const { product, fact } of factsBefore([...named, ...others], until))
    byProduct.set(product, [...(byProduct.get(product) ?? []), fact]);
  return byProduct;
}

/** The fact for each product that the subscription is known to have and the event has no plan of. */
export async function sharedWithOthers(
  facts: readonly Entry[],
  shared: Fact,
  userId: string,
  gateway: Gateway,
): Promise<Entry[]> {
  const known = await gateway.knownProducts(userId, shared.processor, shared.subscription);
  return known
    .filter(isProductId)
    .filter((product) => !facts.some((entry) => entry.product === product))
    .map((product) => ({ product, fact: shared }));
}

/** A gateway that refuses a commit if the subscription has been moved since its users were looked up. */
export function withExpectedMoves(moves: number, gateway: Gateway): Gateway {
  return {
    ...gateway,
    commitTimeline: (input) => gateway.commitTimeline({ ...input, event: { ...input.event, moves } }),
  };
}

/** A commit was refused: the subscription has been moved since its users were looked up. */
export class SubscriptionMoved extends DatabaseError {
  constructor() {
    super("The subscription was moved to another user meanwhile.", "unavailable", "moved");
  }
}

/** Repeats the work, at most twice, if a move comes in between. The work must look up the users each time. */
export async function retryAfterMove<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DatabaseError && error.code === "moved") || attempt === 3) throw error;
    }
  }
}
