/**
 * The discounts of a subscription, for display only: they change no period, window or entitlement, and the replay
 * (`subscription-history.ts`) ignores their facts.
 */
import {
  type DiscountFact,
  type Fact,
  type NamedDiscount,
  type Reason,
  type SnapshotFact,
  type SubscriptionRecord,
  sourceOf,
} from "../types";

type Naming = DiscountFact | SnapshotFact;

/** The discounts of one subscription after some facts. */
export interface DiscountState {
  /** All discounts that facts have named. */
  known: Required<NamedDiscount>[];
  /** The keys of those that the subscription has. */
  present: string[];
}

const NO_DISCOUNTS: DiscountState = { known: [], present: [] };

/**
 * The records with the discounts that the facts name.
 * @param before the discounts before the facts, by source
 */
export function withDiscounts(
  records: readonly SubscriptionRecord[],
  facts: readonly Fact[],
  before: ReadonlyMap<string, DiscountState> = new Map(),
): SubscriptionRecord[] {
  const naming = facts.filter(namesDiscounts);
  return records.map((record) => {
    const source = sourceOf(record);
    const own = naming.filter((fact) => sourceOf(fact) === source);
    const discounts = record.endedAt === null ? presentDiscounts(discountsAfter(own, before.get(source))) : [];
    return discounts.length === 0 ? record : { ...record, discounts };
  });
}

/** The discounts of one subscription after the facts, from those before them. */
export function discountStateOf(facts: readonly Fact[], before?: DiscountState): DiscountState {
  return discountsAfter(facts.filter(namesDiscounts), before);
}

function namesDiscounts(fact: Fact): fact is Naming {
  return fact.kind === "discount" || (fact.kind === "snapshot" && fact.discounts !== undefined);
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

/** The discounts that the subscription has, by key. */
function presentDiscounts({ known, present }: DiscountState): Required<NamedDiscount>[] {
  return known.filter(({ key }) => present.includes(key)).sort((a, b) => (a.key < b.key ? -1 : 1));
}

/**
 * The order of the facts decides which discounts are present. Terms and ends come from any fact, because many events
 * name a discount by its id only.
 */
function discountsAfter(facts: readonly Naming[], before = NO_DISCOUNTS): DiscountState {
  const sorted = [...facts].sort((a, b) => a.at - b.at || rank(a) - rank(b) || (a.id < b.id ? -1 : 1));
  let present = new Set(before.present);
  const known = new Map(before.known.map((discount) => [discount.key, discount]));
  for (const fact of sorted) {
    const named = fact.kind === "discount" ? [fact.discount] : (fact.discounts ?? []);
    if (fact.kind === "snapshot") present = new Set(named.map(({ key }) => key));
    else if (fact.change === "set") present.add(fact.discount.key);
    else present.delete(fact.discount.key);
    for (const { key, terms, endsAt } of named) {
      const last = known.get(key);
      known.set(key, {
        key,
        terms: terms ?? last?.terms ?? null,
        endsAt: endsAt === undefined ? (last?.endsAt ?? null) : endsAt,
      });
    }
  }
  return { known: [...known.values()], present: [...present] };
}

/** Stripe's instants are seconds. Within one second, a discount's own event overrides the list of a snapshot. */
function rank(fact: Naming): number {
  if (fact.kind === "snapshot") return 0;
  return fact.change === "set" ? 1 : 2;
}
