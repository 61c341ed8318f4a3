/** Refuses the subscription updates that Stripe refuses. */

import { type AccountState, isLive, type Subscription } from "../account-state";
import { methodFor } from "../invoices";
import { isBankAccount } from "../methods";
import { invalid } from "../problem";
import type { Update } from "./subscription-update";

/**
 * Parameters that a pending update cannot have. It has metadata since 2026-05-27, `cancel_at_period_end` since
 * 2026-09-30.
 */
const NOT_PENDING = [
  "cancel_at",
  "cancellation_details",
  "collection_method",
  "days_until_due",
  "default_payment_method",
  "description",
  "pause_collection",
] as const;

/** @throws StripeProblem */
export function refuseImpossible(state: AccountState, subscription: Subscription, params: Update): void {
  const { id, status, schedule } = subscription;
  if (status === "canceled" || status === "incomplete_expired") {
    throw invalid("A canceled subscription can only update its cancellation_details and metadata.", "id");
  }
  const scheduled = (["items", "cancel_at_period_end", "cancel_at", "billing_cycle_anchor", "trial_end"] as const).find(
    (name) => params[name] !== undefined,
  );
  if (schedule && scheduled) {
    const message = `The subscription is managed by the subscription schedule \`${schedule}\`, and updating any ${scheduled} directly is not allowed. Please update the schedule instead.`;
    throw invalid(message, scheduled);
  }
  if (params.payment_behavior === "pending_if_incomplete") {
    const unsupported = NOT_PENDING.find((name) => params[name] !== undefined);
    if (unsupported) {
      throw invalid(
        `When \`payment_behavior\` is set to \`pending_if_incomplete\`, you cannot pass \`${unsupported}\`.`,
        unsupported,
      );
    }
  }
  refuseUnpayable(state, subscription, params);
  if (params.cancel_at_period_end && params.cancel_at) {
    throw invalid("You may only specify one of these parameters: cancel_at, cancel_at_period_end.", "cancel_at");
  }
  if (!isLive(subscription) && params.items) throw invalid(`The subscription ${id} is ${status}.`, "items");
}

/** A change cannot wait for the payment of a sent invoice, which has days until it is due. */
function refuseUnpayable(state: AccountState, subscription: Subscription, params: Update): void {
  const sent = (params.collection_method ?? subscription.collectionMethod) === "send_invoice";
  if (!sent && params.days_until_due !== undefined) {
    const message = "You can only set `days_until_due` if the `collection_method` is `send_invoice`.";
    throw invalid(message, "days_until_due");
  }
  if (params.collection_method === "send_invoice" && params.days_until_due === undefined) {
    throw invalid("You must pass `days_until_due` with the `collection_method` `send_invoice`.", "days_until_due");
  }
  if (params.payment_behavior !== "pending_if_incomplete") return;
  if (sent) {
    const message = "`pending_if_incomplete` is only supported with the `collection_method` `charge_automatically`.";
    throw invalid(message, "payment_behavior");
  }
  const method = methodFor(state, subscription);
  if (method !== null && isBankAccount(method)) {
    const message = "`pending_if_incomplete` is not supported if a bank debit pays for the subscription.";
    throw invalid(message, "payment_behavior");
  }
}
