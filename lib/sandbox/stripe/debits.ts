/** What a flexible subscription was billed for, so that a credit gives back that amount and not the present price's. */
import type { ItemSpec, LineSpec } from "../event-builders/stripe/events";
import type { AccountState, Subscription } from "./account-state";

/** An amount that was billed for a part of a period. */
export interface Debit {
  amount: number;
  start: number;
  end: number;
  credits: NonNullable<LineSpec["credits"]>;
}

/** The amounts billed for an item beyond an instant that no credit has given back. */
export function debitsOf(state: AccountState, subscription: Subscription): (item: ItemSpec, at: number) => Debit[] {
  const billed = state.invoices.filter(
    (invoice) =>
      invoice.subscription === subscription.id &&
      invoice.status !== "void" &&
      // A change that waits for its payment is not made yet.
      !(invoice.forUpdate && invoice.status === "open"),
  );
  const lines = [
    ...billed.flatMap((invoice) => invoice.lines.map((line) => ({ line, invoice: invoice.id as string | null }))),
    ...subscription.pendingLines.map((line) => ({ line, invoice: null })),
  ];
  const credited = new Set(lines.map(({ line }) => line.credits?.line));
  return (item, at) =>
    lines
      .filter(({ line }) => line.item === item.id && line.price.id === item.price.id)
      .filter(({ line }) => line.amount > 0 && line.periodEnd > at && !credited.has(line.id))
      .map(({ line, invoice }) => ({
        // Before discounts: `discounted` takes off the same part of the credit.
        amount: line.undiscounted ?? line.amount,
        start: line.periodStart,
        end: line.periodEnd,
        credits: { invoice, line: line.id },
      }));
}
