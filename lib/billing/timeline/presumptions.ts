/**
 * When the rules' presumptions stand for a payment. A bank debit is known to fail only days after Stripe has activated the
 * subscription or announced the upgrade. So they do not for a user who owes another charge that failed: without this rule,
 * each new subscription by such a debit would give a fresh quota for some days.
 */

import { debtsOf, owesSince } from "./debts";
import { openedAt, type Period, type SubscriptionHistory } from "./group-by-subscription";
import { confirmationsOf } from "./paid-plans";

/**
 * Withdraws what is presumed of first periods and of upgrades inside a period; what a payment shows stays. The histories
 * are of one user and product.
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
    history.confirmations = confirmationsOf(history, history.payments, (at) => owesSince(histories, at));
  }
}

/** A subscription that an admin moved to the user is the business's decision. */
function isPresumedByActivation({ activated, presumedPaid, paidByPayment, trial, openedAt: moved }: Period): boolean {
  return activated !== null && presumedPaid && !paidByPayment && !trial && moved === undefined;
}
