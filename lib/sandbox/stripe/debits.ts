/** The billed amounts of a flexible subscription: a credit returns the billed amount, not the current price. */
import type { ItemSpec, LineSpec } from "../event-builders/stripe/events";
import type { AccountState, Subscription } from "./account-state";

/** A billed amount for a part of a period. */
export interface Debit {
  amount: number;
  start: number;
  end: number;
  credits: NonNullable<LineSpec["credits"]>;
}

/** The amounts that an item was billed for the time after an instant, without those already credited. */
export function debitsOf(state: AccountState, subscription: Subscription): (item: ItemSpec, at: number) => Debit[] {
  const billed = state.invoices.filter(
    (invoice) =>
      invoice.subscription === subscription.id &&
      invoice.status !== "void" &&
      // A change that waits for its payment is not applied yet.
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
        // Before discounts: `discounted` reduces the credit by the same share.
        amount: line.undiscounted ?? line.amount,
        start: line.periodStart,
        end: line.periodEnd,
        credits: { invoice, line: line.id },
      }));
}
