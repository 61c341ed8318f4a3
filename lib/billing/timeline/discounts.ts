/**
 * The discounts of a subscription, for display only: they change no period, window or entitlement, and the replay
 * (`subscription-history.ts`) ignores their facts.
 */
import type { DiscountFact, Fact, NamedDiscount, Reason, SnapshotFact, SubscriptionRecord } from "../types";

type Naming = DiscountFact | SnapshotFact;

/** The records with the discounts that the facts name. */
export function withDiscounts(records: readonly SubscriptionRecord[], facts: readonly Fact[]): SubscriptionRecord[] {
  const naming = facts.filter((fact): fact is Naming => {
    return fact.kind === "discount" || (fact.kind === "snapshot" && fact.discounts !== undefined);
  });
  if (naming.length === 0) return [...records];
  return records.map((record) => {
    const own = naming.filter(
      ({ processor, subscription }) => processor === record.processor && subscription === record.subscription,
    );
    const discounts = record.endedAt === null ? discountsOf(own) : [];
    return discounts.length === 0 ? record : { ...record, discounts };
  });
}

/** The trace of the facts that only name a discount. */
export function discountReasons(facts: readonly Fact[]): Record<string, Reason> {
  return Object.fromEntries(
    facts.flatMap(({ kind, id }): [string, Reason][] => (kind === "discount" ? [[id, "Discount changed"]] : [])),
  );
}

/** Whether a discount is known by its id only. Its terms can be fetched from the processor. */
export function lackTerms({ discounts = [] }: Pick<SubscriptionRecord, "discounts">): boolean {
  return discounts.some(({ terms }) => terms === null);
}

/**
 * The discounts after all facts, by key. The order of the facts decides which discounts are present. Terms and ends
 * come from any fact, because many events name a discount by its id only.
 */
function discountsOf(facts: readonly Naming[]): Required<NamedDiscount>[] {
  const sorted = [...facts].sort((a, b) => a.at - b.at || rank(a) - rank(b) || (a.id < b.id ? -1 : 1));
  let present = new Set<string>();
  const known = new Map<string, Required<NamedDiscount>>();
  for (const fact of sorted) {
    const named = fact.kind === "discount" ? [fact.discount] : (fact.discounts ?? []);
    if (fact.kind === "snapshot") present = new Set(named.map(({ key }) => key));
    else if (fact.change === "set") present.add(fact.discount.key);
    else present.delete(fact.discount.key);
    for (const { key, terms, endsAt } of named) {
      const before = known.get(key);
      known.set(key, {
        key,
        terms: terms ?? before?.terms ?? null,
        endsAt: endsAt === undefined ? (before?.endsAt ?? null) : endsAt,
      });
    }
  }
  return [...known.values()].filter(({ key }) => present.has(key)).sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Stripe's instants are seconds. Within one second, a discount's own event overrides the list of a snapshot. */
function rank(fact: Naming): number {
  if (fact.kind === "snapshot") return 0;
  return fact.change === "set" ? 1 : 2;
}
