/** A history of the world, as the events that Stripe would send. Normalized, they are the same facts again. */
import type { Image, PaymentFact, ProcessorFact } from "@/lib/billing/facts";
import {
  diff,
  event,
  invoiceObject,
  planPrice,
  type Shape,
  type StripeObject,
  type SubscriptionSpec,
  subscriptionObject,
} from "@/lib/billing/processors/stripe/events";

/** The world's plans in the catalog. */
const PLANS: Readonly<Record<string, string>> = { low: "plus", high: "ultra" };

const seconds = (at: number) => Math.floor(at / 1000);

/** One fact's event; `userId` is what our server wrote into the metadata. */
export function renderStripe(fact: ProcessorFact, userId: string, shape: Shape): StripeObject {
  const head = { id: `evt_${userId}_${fact.id}`, created: seconds(fact.at), shape };
  if (fact.kind === "payment") {
    return event(
      fact.outcome === "paid" ? "invoice.paid" : "invoice.payment_failed",
      invoice(fact, userId, shape),
      undefined,
      head,
    );
  }
  const object = (image: Image) => subscriptionObject(specOf(image, fact.subscription, userId), shape);
  const after = object(fact.image);
  const previous = fact.before && fact.life === "updated" ? diff(object(fact.before), after) : undefined;
  return event(`customer.subscription.${fact.life}`, after, previous, head);
}

function priceOf({ plan, interval }: Pick<Image, "plan" | "interval">) {
  return planPrice({ product: "writer", plan: PLANS[plan ?? ""] ?? "plus", interval: interval ?? "monthly" });
}

function specOf(image: Image, subscription: string, userId: string): SubscriptionSpec {
  return {
    id: `${subscription}_${userId}`,
    customer: `cus_${userId}`,
    items: [{ id: `si_${subscription}`, price: priceOf(image), quantity: image.quantity }],
    created: 0,
    periodStart: seconds(image.periodStart ?? 0),
    periodEnd: seconds(image.periodEnd ?? 0),
    status: image.status,
    cancelAtPeriodEnd: image.cancelAt !== null,
    trialEnd: image.trialEnd === null ? null : seconds(image.trialEnd),
    metadata: { user_id: userId },
  };
}

const REASONS = {
  period: "subscription_cycle",
  change: "subscription_update",
  proration: "subscription_update",
  other: "manual",
} as const;

function invoice(fact: PaymentFact, userId: string, shape: Shape): StripeObject {
  const price = priceOf(fact);
  const start = seconds(fact.periodStart ?? fact.at);
  const end = seconds(fact.periodEnd ?? fact.at + 86_400_000);
  return invoiceObject(
    {
      id: `in_${fact.id}`,
      customer: `cus_${userId}`,
      subscription: `${fact.subscription}_${userId}`,
      metadata: { user_id: userId },
      billingReason: REASONS[fact.purpose],
      created: seconds(fact.at),
      periodStart: start,
      periodEnd: start,
      status: fact.outcome === "paid" ? "paid" : "open",
      // What was not paid in money came from the balance.
      startingBalance: fact.outcome === "paid" && !fact.inMoney ? -price.unitAmount : 0,
      lines: [
        {
          id: `il_${fact.id}`,
          item: `si_${fact.subscription}`,
          price,
          amount: price.unitAmount,
          description: price.nickname,
          periodStart: start,
          periodEnd: end,
          proration: fact.purpose === "proration",
        },
      ],
    },
    shape,
  );
}
