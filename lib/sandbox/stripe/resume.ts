/** Resumes a paused subscription: a new period, which begins when its invoice is paid. */

import { type Invoice, isFlexible, nextId, type StripeStep, type Subscription, seconds } from "./account-state";
import { draft, finalize } from "./draft";
import { emitChange } from "./emit";
import { collect, methodFor } from "./invoices";
import { subscriptionOf } from "./objects";
import { PENDING_SECONDS } from "./pending-update";
import { periodAfter } from "./period";
import { priced } from "./priced";
import { invalid, nothingToCharge } from "./problem";
import { intervalOf, periodLines } from "./proration";

const YEAR = 365 * 86_400;

export type ResumeBehavior = "resume_on_payment_attempt" | "resume_on_payment_success";

/**
 * `resume_on_payment_success` charges within the request; the subscription stays paused until a charge succeeds.
 * `resume_on_payment_attempt` charges nothing: the caller pays the invoice, and a failed attempt makes it past due.
 * @throws StripeProblem
 */
export function resume(step: StripeStep, subscription: Subscription, behavior: ResumeBehavior): void {
  const { state } = step;
  if (subscription.collectionMethod === "send_invoice") {
    throw invalid("Only subscriptions with the `collection_method` `charge_automatically` can be resumed.", "id");
  }
  if (subscription.pendingUpdate) {
    throw invalid(`The subscription is being resumed: pay its invoice \`${subscription.latestInvoice}\`.`, "id");
  }
  const charges = behavior === "resume_on_payment_success";
  if (charges && !isFlexible(subscription)) {
    const message = "`resume_on_payment_success` is only supported with the `billing_mode` `flexible`.";
    throw invalid(message, "payment_behavior");
  }
  if (charges && methodFor(state, subscription) === null) throw nothingToCharge();
  const invoice = resumption(step, subscription, charges ? "on_success" : "on_attempt");
  const object = () => subscriptionOf(state, subscription);
  emitChange(step, "customer.subscription.updated", object, () => {
    subscription.latestInvoice = invoice.id;
    subscription.pendingUpdate = {
      expiresAt: seconds(step) + (charges ? YEAR : PENDING_SECONDS),
      items: subscription.items,
      billingCycleAnchor: seconds(step),
    };
  });
  if (charges) collect(step, invoice, { payer: true });
}

function resumption(step: StripeStep, subscription: Subscription, resumes: Invoice["resumes"]): Invoice {
  const now = seconds(step);
  const periodEnd = periodAfter(now, now, intervalOf(subscription.items));
  const invoice = draft(step, subscription, {
    id: nextId(step.state, "in"),
    billingReason: "subscription_cycle",
    lines: priced(step.state, subscription, periodLines({ ...subscription, periodStart: now, periodEnd })),
    periodStart: subscription.periodStart,
    periodEnd: now,
    finalizesAt: null,
    forUpdate: true,
    ...(resumes && { resumes }),
  });
  finalize(step, invoice);
  return invoice;
}
