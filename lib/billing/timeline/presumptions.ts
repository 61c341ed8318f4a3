/**
 * When a new subscription's activation stands for its payment. A bank debit is known to fail only days after Stripe has
 * activated the subscription. So it does not for a user who left another period unpaid whose charge failed: without this
 * rule, each new subscription by such a debit would give a fresh quota for some days.
 */

import { type History, openedAt, type Period } from "./group-by-subscription";
import { confirmationsOf } from "./paid-plans";

/** Withdraws what is presumed of first periods; what a payment shows stays. The histories are of one user and product. */
export function withdrawPresumptions(histories: readonly History[]): void {
  const owed = histories.flatMap((history) =>
    history.periods.filter(isOwed).map((period) => ({ history, at: openedAt(period), until: period.leftAt })),
  );
  for (const history of histories) {
    const [first] = history.periods;
    if (first === undefined || !isPresumedByActivation(first)) continue;
    const at = openedAt(first);
    const owes = owed.some((other) => other.history !== history && other.at < at && at < (other.until ?? at + 1));
    if (!owes) continue;
    first.vouched = false;
    first.paid = first.paidByPayment;
    history.confirmations = confirmationsOf(history, history.payments);
  }
}

function isOwed({ chargeFailed, paid, trial }: Period): boolean {
  return chargeFailed && !paid && !trial;
}

/** A subscription that an admin moved to the user is the business's decision. */
function isPresumedByActivation({ activated, vouched, paidByPayment, trial, openedAt: moved }: Period): boolean {
  return activated !== null && vouched && !paidByPayment && !trial && moved === undefined;
}
