/** The charged lines: after discounts, with taxes. */
import type { LineSpec } from "../event-builders/stripe/events";
import type { AccountState, Session, Subscription } from "./account-state";
import { couponOf, discounted, takeOff } from "./discounts";
import { invalid } from "./problem";
import { periodLines } from "./proration";
import { taxed } from "./tax";

type Line = Omit<LineSpec, "id">;

export function priced(state: AccountState, subscription: Subscription, lines: readonly Line[]): Line[] {
  const after = discounted(state, subscription, lines);
  return subscription.automaticTax ? taxed(state.customer.country, after) : after;
}

/** @throws StripeProblem if the customer has no country, since no tax can be computed */
export function requireTaxAddress({ customer }: AccountState): void {
  if (customer.country) return;
  const message =
    "The customer's location isn't recognized. Set a valid customer address in order to automatically calculate tax.";
  throw invalid(message, undefined, "customer_tax_location_invalid");
}

/** The lines that an open checkout session charges for a whole period, without its trial. */
export function sessionLines(session: Session): Line[] {
  const items = session.items.map((item, index) => ({ ...item, id: `${session.id}${index}` }));
  const lines = periodLines({ items, periodStart: session.created, periodEnd: session.created });
  const [discount] = session.discounts ?? [];
  const after = discount === undefined ? lines : takeOff(couponOf(discount), session.id, lines);
  return session.automaticTax ? taxed(session.country, after) : after;
}
