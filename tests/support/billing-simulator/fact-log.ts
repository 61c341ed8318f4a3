/** The facts of the events that the simulated processor sends. */

import type { Instant, ItemList, PaymentFact, ProcessorFact, SubscriptionState } from "@/lib/billing/types";
import { higherPlan } from "./product";
import type { Charge, Invoice, Subscription } from "./subscription";

type Listing = "listed" | "unlisted" | "absent";

export class FactLog {
  readonly facts: ProcessorFact[] = [];

  /** Changes a subscription and records it, with its previous state. */
  update(
    subscription: Subscription,
    now: Instant,
    change: () => void,
    changeType: "updated" | "deleted" = "updated",
  ): void {
    const listing = listingOf(subscription);
    const previous = { ...subscription.state };
    change();
    const listed = listing === "listed" || listingOf(subscription) === "listed";
    const shown = listing === "absent" && listed ? null : visibleState(previous, listed ? listing : "absent");
    this.snapshot(subscription, now, shown, changeType);
  }

  /** @param truncated the item list of an event that does not show the plan's item */
  snapshot(
    { id, state, removed, unlisted, declined, plan, sold }: Subscription,
    now: Instant,
    previous: SubscriptionState | null,
    changeType: "created" | "updated" | "deleted",
    truncated?: ItemList,
  ): void {
    if (state.status === "active" && !removed && !declined) sold.highestPlan = higherPlan(sold.highestPlan, plan);
    const listing = truncated ? "absent" : listingOf({ removed, unlisted });
    const { interval, quantity, periodStart, periodEnd } = state;
    const own = { id: `si_${id}`, product: null, price: null, interval, quantity, periodStart, periodEnd };
    const list = truncated ?? {
      complete: true,
      plans: unlisted && !removed ? 0 : 1,
      unlisted: listing === "unlisted" ? [own] : [],
    };
    const shown = listing === "listed" ? { ...state } : visibleState(state, "absent");
    this.facts.push({ kind: "snapshot", ...this.origin(id, now), changeType, state: shown, previous, list });
  }

  payment(
    { id, unlisted }: Subscription,
    now: Instant,
    { period, changed, ...invoice }: Invoice,
    { paid, paidInFull }: Charge,
    purpose: PaymentFact["purpose"] = invoice.purpose,
  ): void {
    const origin = {
      kind: "payment" as const,
      ...this.origin(id, now),
      outcome: paid ? ("paid" as const) : ("failed" as const),
    };
    const charged = { purpose, periodStart: period?.start ?? changed?.at ?? now, periodEnd: period?.end ?? null };
    const full = paid && paidInFull && invoice.full;
    if (unlisted) {
      const none = { purpose: "other" as const, periodStart: null, periodEnd: null, plan: null, interval: null };
      const line = { id: `si_${id}`, product: null, price: null, ...charged };
      this.facts.push({ ...origin, ...none, paidInFull: full, unlisted: [line] });
      return;
    }
    const { plan, interval } = invoice;
    this.facts.push({ ...origin, ...charged, plan, interval, paidInFull: full && period !== null });
  }

  private origin(subscription: string, now: Instant) {
    const id = `evt_${String(this.facts.length).padStart(3, "0")}`;
    return { id, processor: "stripe" as const, subscription, at: Math.floor(now / 1000) * 1000 };
  }
}

function listingOf({ removed, unlisted }: Pick<Subscription, "removed" | "unlisted">): Listing {
  return removed ? "absent" : unlisted ? "unlisted" : "listed";
}

/** The state as an event shows it to this product. */
function visibleState(state: SubscriptionState, listing: Listing): SubscriptionState {
  if (listing === "listed") return { ...state };
  const none = { plan: null, interval: null };
  if (listing === "unlisted") return { ...state, ...none };
  return { ...state, ...none, quantity: 1, periodStart: null, periodEnd: null, item: null };
}
