/** Lines as they are charged: after discounts, with taxes. */
import type { LineSpec } from "../event-builders/stripe/events";
import { couponOf, discounted, takeOff } from "./discounts";
import { invalid } from "./problem";
import { periodLines } from "./proration";
import { taxed } from "./tax";
import type { Session, Subscription, World } from "./account-state";

type Line = Omit<LineSpec, "id">;

export function priced(world: World, subscription: Subscription, lines: readonly Line[]): Line[] {
  const after = discounted(world, subscription, lines);
  return subscription.automaticTax ? taxed(world.customer.country, after) : after;
}

/** @throws StripeProblem if nobody knows where the customer lives: no tax can be computed */
export function requireTaxAddress({ customer }: World): void {
  if (customer.country) return;
  const message =
    "The customer's location isn't recognized. Set a valid customer address in order to automatically calculate tax.";
  throw invalid(message, undefined, "customer_tax_location_invalid");
}

/** What an open checkout session would charge for a whole period, before a trial. */
export function sessionLines(session: Session): Line[] {
  const items = session.items.map((item, index) => ({ ...item, id: `${session.id}${index}` }));
  const lines = periodLines({ items, periodStart: session.created, periodEnd: session.created });
  const [discount] = session.discounts ?? [];
  const after = discount === undefined ? lines : takeOff(couponOf(discount), session.id, lines);
  return session.automaticTax ? taxed(session.country, after) : after;
}
