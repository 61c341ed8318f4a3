/**
 * Withdraws presumed payments of users with a debt. A bank debit fails only days after Stripe has activated the
 * subscription or reported the upgrade. Without this rule, each new subscription by a failing debit would give a new
 * quota for some days.
 */

import { debtsOf, owesSince } from "./debts";
import { openedAt, type Period, type SubscriptionHistory } from "./history-types";
import { confirmationsOf } from "./paid-plans";

/**
 * Withdraws the presumed payments of first periods and of upgrades inside a period. Seen payments stay.
 * @param histories of one user and product
 */
export function withdrawPresumptions(histories: readonly SubscriptionHistory[]): void {
  for (const history of histories) history.debts = debtsOf(history);
  if (!histories.some(({ debts }) => debts.length > 0)) return;
  for (const history of histories) {
    const [first] = history.periods;
    if (first !== undefined && isPresumedByActivation(first) && owesSince(histories, openedAt(first))) {
      first.presumedPaid = false;
      first.paid = first.paidByPayment;
    }
    history.confirmations = confirmationsOf(history, (at) => owesSince(histories, at));
  }
}

/** Not if an admin moved the subscription to the user: that is the merchant's decision. */
function isPresumedByActivation({ activated, presumedPaid, paidByPayment, trial, openedAt: moved }: Period): boolean {
  return activated !== null && presumedPaid && !paidByPayment && !trial && moved === undefined;
}
