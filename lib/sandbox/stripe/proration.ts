/** The cost of a plan change, as Stripe computes it: to the second, each line rounded to the cent. Pure. */
import { amountText } from "../event-builders/currency";
import type { ItemSpec, LineSpec, PriceSpec } from "../event-builders/stripe/events";
import type { Debit } from "./debits";
import { periodAfter } from "./period";

export type ProrationBehavior = "always_invoice" | "create_prorations" | "none";

export interface PlanState {
  items: ItemSpec[];
  periodStart: number;
  periodEnd: number;
  billingCycleAnchor: number;
}

export interface PlanChange {
  next: PlanState;
  lines: Omit<LineSpec, "id">[];
  /** The billing cycle restarts: there is an invoice now, for every proration behavior. */
  restarts: boolean;
}

/** The share of a price for the rest of a period, rounded once. */
export function share(amount: number, { start, end }: { start: number; end: number }, at: number): number {
  const part = (amount * (end - at)) / (end - start);
  return Math.sign(part) * Math.round(Math.abs(part)) + 0;
}

/**
 * The change of a plan at `at`. With the same interval the period stays, and the difference for its rest is charged.
 * Another interval (or `restart`) credits the rest of the old period and charges a whole new one from now. A trial has
 * no prorations, since nothing was paid.
 */
export function changePlan(
  state: PlanState,
  items: ItemSpec[],
  options: {
    at: number;
    behavior: ProrationBehavior;
    trialing: boolean;
    restart?: boolean;
    /** For a flexible subscription: the billed amounts to credit. A classic one is credited by its price. */
    debits?: (item: ItemSpec, at: number) => Debit[];
  },
): PlanChange {
  const { at, behavior, trialing, restart = false, debits } = options;
  const { periodStart, periodEnd, billingCycleAnchor } = state;
  // The plan only: the caller passes a subscription, which has more fields.
  const same = { items, periodStart, periodEnd, billingCycleAnchor };
  if (trialing && !restart) return { next: same, lines: [], restarts: false };
  const restarts = restart || intervalOf(items) !== intervalOf(state.items);
  const settles = behavior !== "none" && !trialing;
  const given = settles ? state.items.filter((item) => restarts || !isIn(item, items)) : [];
  const credits = given.flatMap((item) =>
    debits ? debits(item, at).map((debit) => creditOf(item, debit, at)) : [credit(item, state, at)],
  );
  if (!restarts) {
    const added = settles ? items.filter((item) => !isIn(item, state.items)) : [];
    const charges = added.map((item) => charge(item, state, at));
    return { next: same, lines: [...credits, ...charges], restarts };
  }
  const next = { items, periodStart: at, periodEnd: periodAfter(at, at, intervalOf(items)), billingCycleAnchor: at };
  return { next, lines: [...credits, ...periodLines(next)], restarts };
}

/** The lines of a whole period. */
export function periodLines({ items, periodStart, periodEnd }: Omit<PlanState, "billingCycleAnchor">) {
  return items.map(
    (item): Omit<LineSpec, "id"> => ({
      item: item.id,
      price: item.price,
      amount: item.price.unitAmount * quantityOf(item),
      description: `${quantityOf(item)} × ${item.price.nickname} (at ${amountText(item.price.unitAmount)} / ${item.price.interval})`,
      periodStart,
      periodEnd,
      quantity: quantityOf(item),
    }),
  );
}

export function intervalOf(items: readonly { price: PriceSpec }[]): PriceSpec["interval"] {
  return items[0]?.price.interval ?? "month";
}

function credit(item: ItemSpec, state: PlanState, at: number): Omit<LineSpec, "id"> {
  const what = `Unused time on ${item.price.nickname} after ${day(at)}`;
  return { ...prorated(item, state, at, what), amount: 0 - prorated(item, state, at, what).amount };
}

/** Credits the unused share of one billed amount. */
function creditOf(item: ItemSpec, { amount, start, end, credits }: Debit, at: number): Omit<LineSpec, "id"> {
  const from = Math.max(start, at);
  return {
    ...credit(item, { items: [], periodStart: start, periodEnd: end, billingCycleAnchor: start }, from),
    amount: 0 - share(amount, { start, end }, from),
    credits,
  };
}

function charge(item: ItemSpec, state: PlanState, at: number): Omit<LineSpec, "id"> {
  return prorated(item, state, at, `Remaining time on ${item.price.nickname} after ${day(at)}`);
}

function prorated(item: ItemSpec, { periodStart, periodEnd }: PlanState, at: number, description: string) {
  const amount = share(item.price.unitAmount * quantityOf(item), { start: periodStart, end: periodEnd }, at);
  const line = { item: item.id, price: item.price, amount, description, quantity: quantityOf(item), proration: true };
  return { ...line, periodStart: at, periodEnd };
}

function isIn(item: ItemSpec, items: readonly ItemSpec[]): boolean {
  return items.some((other) => other.price.id === item.price.id && quantityOf(other) === quantityOf(item));
}

export function quantityOf({ quantity = 1 }: ItemSpec): number {
  return quantity;
}

function day(at: number): string {
  return new Date(at * 1000).toLocaleDateString("en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
    timeZone: "UTC",
  });
}
