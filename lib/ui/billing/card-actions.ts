/** The actions of a subscription's card: the primary one, and the rest. Pure. */

import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { isPriced, planRank } from "@/lib/config/catalog";
import { paths, product as productOf } from "@/lib/config/current-catalog";
import { planName } from "@/lib/messages/plan";
import { purchaseState } from "../plans/plan-options";

/**
 * `link` opens one of our pages, `pay` the payment page of the open invoice, and `portal` the processor's page for cards.
 * `resume` undoes a cancellation, a scheduled change or a pause.
 */
export type CardAction = { text: string; tone?: "plain" } & (
  | { kind: "link"; href: string }
  | { kind: "pay" | "portal" | "resume" }
);

export interface OrderedActions {
  primary: CardAction | null;
  rest: CardAction[];
}

export function cardActions(subscription: SubscriptionView): OrderedActions {
  const { product, status } = subscription;
  const pricing = (text: string): CardAction => ({ kind: "link", text, href: `${paths().pricing}?product=${product}` });
  const portal = (text: string): CardAction => ({ kind: "portal", text });
  const change = pricing("Change plan");
  const card = portal("Payment method");
  const cancel: CardAction = {
    kind: "link",
    text: "Cancel plan",
    href: `${paths().billing}/cancel?product=${product}`,
  };

  switch (purchaseState(subscription)) {
    case "none":
      return { primary: pricing(status === "canceled" ? "Subscribe again" : "Upgrade"), rest: [] };
    case "open":
      return { primary: { kind: "pay", text: "Fix payment" }, rest: [cancel] };
    case "pending":
      return { primary: { kind: "pay", text: "Finish payment" }, rest: [] };
    case "paused":
      return { primary: { kind: "resume", text: "Resume" }, rest: [card, cancel] };
    case "live":
      break;
  }
  const keep: CardAction = { kind: "resume", text: `Keep ${planName(product, subscription.plan)}` };
  if (subscription.cancelAt !== null) return { primary: keep, rest: [card] };
  if (subscription.scheduledPlan !== null) return { primary: keep, rest: [card, cancel] };
  const rest = [otherInterval(subscription), card, cancel].filter((action) => action !== null);
  return isHighest(subscription)
    ? { primary: { ...change, tone: "plain" }, rest }
    : { primary: pricing("Upgrade"), rest: [change, ...rest] };
}

function isHighest({ product: id, plan }: SubscriptionView): boolean {
  const product = productOf(id);
  return Object.values(product.plans).every((other) => !isPriced(other) || other.rank <= planRank(product, plan));
}

function otherInterval({ product, plan, interval }: SubscriptionView): CardAction | null {
  const other = interval === "yearly" ? "monthly" : "yearly";
  if (interval === null || productOf(product).plans[plan]?.price[other] == null) return null;
  const href = `${paths().billing}/change?product=${product}&plan=${plan}&interval=${other}`;
  return { kind: "link", text: `Pay ${other}`, href };
}
