/** The plan whose limits apply to a subscription: its plan, or a lower one while an upgrade or a trial is unpaid. */
import { freePlan, type Product, planRank } from "@/lib/config/catalog";
import { type Instant, LIVE } from "../types";
import { ATTEMPT_TOLERANCE_MS, owesAt } from "./debts";
import {
  type ActiveSubscription,
  type Change,
  type Confirmation,
  changeAt,
  type Failure,
  isPastDue,
  lastIndexUntil,
  openedAt,
  type Period,
  type SubscriptionHistory,
} from "./history-types";
import { isForPlan } from "./paid-plans";

/**
 * The plan whose limits apply. An upgrade of an active subscription counts at once. After a failed charge, the last
 * confirmed plan caps the limits until a payment confirms the new plan. It also caps them with a debt or with another
 * unpaid period. A trial has the limits of its first plan until it is paid.
 */
export function limitPlan(
  product: Product,
  histories: readonly SubscriptionHistory[],
  active: ActiveSubscription,
  at: Instant,
): string {
  const { history, change, period } = active;
  const caps: string[] = [change.plan];
  const trial = trialAt(history, at);
  if (trial && !coveredByPayment(product, history, change.plan, trial.from, at)) caps.push(planOfTrial(history, trial));
  const owes = !period.trial && owesAt(histories, at);
  if (owes || chargeFailed(product, active, at) || hasOtherUnpaidPeriod(histories, period, at)) {
    caps.push(confirmedPlanAt(product, history, at) ?? freePlan(product).id);
  }
  return lowestPlan(product, caps);
}

/** The change that began the trial at `at`, even if the trial was interrupted. */
export function trialAt({ changes }: Pick<SubscriptionHistory, "changes">, at: Instant): Change | undefined {
  let began: Change | undefined;
  for (let index = lastIndexUntil(changes, at, ({ from }) => from); index >= 0; index -= 1) {
    const change = changes[index] as Change;
    if (change.status === "trialing") began = change;
    else if (LIVE.has(change.status)) break;
  }
  return began;
}

/**
 * The first plan of a trial. If a test clock runs ahead, changes before the period's start count as one change at it.
 */
function planOfTrial({ periods }: SubscriptionHistory, began: Change): string {
  const period = periods[began.period];
  return period?.trial && period.starts[0] === began.from ? period.plan : began.plan;
}

function coveredByPayment(
  product: Product,
  history: SubscriptionHistory,
  plan: string,
  from: Instant,
  at: Instant,
): boolean {
  return history.confirmations.some(
    (paid) => paid.at >= from && paid.at <= at && planRank(product, paid.plan) >= planRank(product, plan),
  );
}

export function lowestPlan(product: Product, plans: readonly string[]): string {
  return plans.reduce((low, plan) => (planRank(product, plan) < planRank(product, low) ? plan : low));
}

/** The last plan confirmed up to `at`; of two at one instant, the higher. */
export function confirmedPlanAt(
  product: Product,
  { confirmations }: SubscriptionHistory,
  at: Instant,
): string | undefined {
  const last = lastIndexUntil(confirmations, at, (confirmation) => confirmation.at);
  let best: string | undefined;
  for (let index = last; index >= 0; index -= 1) {
    const { at: confirmedAt, plan } = confirmations[index] as Confirmation;
    if (confirmedAt !== confirmations[last]?.at) break;
    if (best === undefined || planRank(product, plan) >= planRank(product, best)) best = plan;
  }
  return best;
}

/**
 * Whether a charge for the current plan failed and no later payment confirmed a plan as high. A failed charge for
 * another plan or interval counts only while the subscription is past due.
 */
function chargeFailed(product: Product, { history, change: current }: ActiveSubscription, at: Instant): boolean {
  const since = current.planSince - ATTEMPT_TOLERANCE_MS;
  const failed = history.failures.findLast(
    (failure) =>
      failure.at <= at && (isPastDue(current.status) || (failure.at >= since && isForPlan(failure, current))),
  );
  return failed !== undefined && !isSettled(product, history, failed, at);
}

/** Whether a plan as high as the subscription's was confirmed after the failed charge, up to `at`. */
export function isSettled(
  product: Product,
  history: Pick<SubscriptionHistory, "confirmations" | "changes">,
  failed: Failure,
  at: Instant,
): boolean {
  return history.confirmations.some(
    (confirmation) =>
      // A presumption at the instant of the failure is older than the failure.
      (confirmation.byPayment ? confirmation.at >= failed.at : confirmation.at > failed.at) &&
      confirmation.at <= at &&
      planRank(product, confirmation.plan) >= planRank(product, changeAt(history, confirmation.at)?.plan ?? ""),
  );
}

/**
 * Whether an unpaid renewal's credit is withheld: while past due, while collection is paused, or with another unpaid
 * period.
 */
export function isWithheld(
  histories: readonly SubscriptionHistory[],
  { change, period }: ActiveSubscription,
  at: Instant,
): boolean {
  if (period.paid || period.trial) return false;
  return isPastDue(change.status) || change.collectionPaused || hasOtherUnpaidPeriod(histories, period, at);
}

/** Whether the period is unpaid and the user has another period that was never paid. */
function hasOtherUnpaidPeriod(histories: readonly SubscriptionHistory[], period: Period, at: Instant): boolean {
  if (period.paid || period.trial) return false;
  return histories.some(
    ({ periods, earlier }) =>
      earlier.unpaid ||
      periods.some(
        (other) =>
          other !== period &&
          !other.paid &&
          !other.trial &&
          openedAt(other) <= at &&
          at < (other.leftAt ?? Number.POSITIVE_INFINITY),
      ),
  );
}
