/** Renders a simulated history as the events that Stripe would send. Normalized, they are the same facts again. */
import type {
  Interval,
  ItemList,
  PaymentFact,
  ProcessorFact,
  SnapshotFact,
  SubscriptionState,
} from "@/lib/billing/types";
import {
  diff,
  event,
  type ItemSpec,
  invoiceObject,
  type PriceSpec,
  planPrice,
  type Shape,
  type StripeObject,
  type SubscriptionSpec,
  subscriptionObject,
} from "@/lib/sandbox/event-builders/stripe/events";
import { mailPrice } from "./billing-simulator/product";

const seconds = (at: number) => Math.floor(at / 1000);

/** One fact's event; `userId` is the id that our server wrote into the metadata. */
export function renderStripe(fact: ProcessorFact, userId: string, shape: Shape): StripeObject {
  const head = { id: `evt_${userId}_${fact.id}`, created: seconds(fact.at), shape };
  if (fact.kind === "payment") {
    const type = fact.outcome === "paid" ? "invoice.paid" : "invoice.payment_failed";
    return event(type, invoice(fact, userId, shape), undefined, head);
  }
  const after = subscriptionObject(specOf(fact, fact.state, userId), shape);
  const old =
    fact.previous && subscriptionObject(specOf({ ...fact, list: listBefore(fact) }, fact.previous, userId), shape);
  const previous = old && fact.changeType === "updated" ? diff(old, after) : undefined;
  return event(`customer.subscription.${fact.changeType}`, after, previous, head);
}

function priceOf(state: Pick<SubscriptionState, "plan" | "interval">) {
  return planPrice(mailPrice(state));
}

/** Another product's plan: all that is left in a list without the mail's. */
const OTHER: ItemSpec = {
  id: "si_other",
  price: planPrice({ product: "depot", plan: "office", interval: "monthly" }),
};

function unlistedPrice(interval: Interval | null): PriceSpec {
  return { ...priceOf({ plan: "low", interval }), id: `price_unlisted_${interval}`, product: "prod_unlisted" };
}

/** The state before names its own item if that was unlisted. */
function listBefore({ previous, list }: SnapshotFact): ItemList | undefined {
  if (previous === null || previous.plan !== null || !previous.item) return undefined;
  const { interval, quantity, periodStart, periodEnd } = previous;
  const own = { ...previous.item, interval: interval ?? list?.unlisted[0]?.interval ?? null };
  return { complete: true, plans: 0, unlisted: [{ ...own, quantity, periodStart, periodEnd }] };
}

function specOf({ list, subscription, at }: SnapshotFact, state: SubscriptionState, userId: string): SubscriptionSpec {
  const [unlisted] = state.plan === null ? (list?.unlisted ?? []) : [];
  const own: ItemSpec | undefined = unlisted
    ? { id: unlisted.id ?? "", price: unlistedPrice(unlisted.interval), quantity: unlisted.quantity }
    : { id: `si_${subscription}`, price: priceOf(state), quantity: state.quantity };
  const period = unlisted ?? state;
  return {
    id: `${subscription}_${userId}`,
    customer: `cus_${userId}`,
    items: state.plan === null && !unlisted ? [OTHER] : [own],
    moreItems: list?.complete === false,
    created: 0,
    periodStart: seconds(period.periodStart ?? at),
    periodEnd: seconds(period.periodEnd ?? at + 30 * 86_400_000),
    status: state.status,
    cancelAtPeriodEnd: state.cancelAt !== null,
    trialEnd: state.trialEnd === null ? null : seconds(state.trialEnd),
    pauseCollection: state.collectionPaused
      ? { behavior: "void", resumes_at: null }
      : state.collectionWaived
        ? { behavior: "keep_as_draft", resumes_at: null }
        : null,
    ...(state.sentInvoice && { collectionMethod: "send_invoice" }),
    metadata: { user_id: userId, ...(state.selfStarted && { trial_source: "checkout" }) },
  };
}

const REASONS = {
  period: "subscription_cycle",
  change: "subscription_update",
  proration: "subscription_update",
  not_due: "subscription_cycle",
  other: "manual",
} as const;

function invoice(fact: PaymentFact, userId: string, shape: Shape): StripeObject {
  const charged = fact.unlisted?.[0] ?? fact;
  const price = fact.unlisted ? unlistedPrice("monthly") : priceOf(fact);
  const start = seconds(charged.periodStart ?? fact.at);
  const end = seconds(charged.periodEnd ?? fact.at + 86_400_000);
  return invoiceObject(
    {
      id: `in_${fact.id}`,
      customer: `cus_${userId}`,
      subscription: `${fact.subscription}_${userId}`,
      metadata: { user_id: userId },
      billingReason: REASONS[charged.purpose],
      created: seconds(fact.at),
      periodStart: start,
      periodEnd: start,
      status: fact.outcome === "paid" ? "paid" : "open",
      ...(charged.purpose === "not_due" && { collectionMethod: "send_invoice", dueDate: seconds(fact.at) + 86_400 }),
      // The amount that was not paid in money came from the balance.
      startingBalance: fact.outcome === "paid" && !fact.paidInFull ? -price.unitAmount : 0,
      lines: [
        {
          id: `il_${fact.id}`,
          item: `si_${fact.subscription}`,
          price,
          amount: price.unitAmount,
          description: price.nickname,
          periodStart: start,
          periodEnd: end,
          proration: charged.purpose === "proration",
        },
      ],
    },
    shape,
  );
}
