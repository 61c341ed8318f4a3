/** Disputes of charges: opened, answered, won or lost. */

import { nextId, type StripeStep, seconds } from "./account-state";
import { emitChange, emitEvent } from "./emit";
import { hasSucceeded, moneyOf } from "./money";
import { disputeOf } from "./money-objects";
import type { Charge, Dispute } from "./money-types";
import { invalid } from "./problem";

/** The bank opens a dispute, and Stripe withdraws the amount at once. */
export function openDispute(step: StripeStep, charge: Charge): Dispute {
  const { state } = step;
  const left = charge.amount - charge.refunded;
  if (!hasSucceeded(charge) || charge.disputed || left === 0)
    throw invalid(`Charge ${charge.id} cannot be disputed.`, "charge");
  const dispute: Dispute = {
    id: nextId(state, "dp"),
    charge: charge.id,
    amount: left,
    status: "needs_response",
    created: seconds(step),
    withdrawnAt: null,
    reinstatedAt: null,
  };
  moneyOf(state).disputes.push(dispute);
  charge.disputed = true;
  emitEvent(step, "charge.dispute.created", disputeOf(state, dispute));
  change(step, dispute, "charge.dispute.funds_withdrawn", { withdrawnAt: seconds(step) });
  return dispute;
}

/** The merchant sends evidence for the bank's review. */
export function answerDispute(step: StripeStep, dispute: Dispute): void {
  requireOpen(dispute);
  if (dispute.status !== "needs_response") throw invalid("Evidence has been submitted already.", "submit");
  change(step, dispute, "charge.dispute.updated", { status: "under_review" });
}

/** Stripe reinstates the funds after it closes the dispute. */
export function winDispute(step: StripeStep, dispute: Dispute): void {
  requireOpen(dispute);
  change(step, dispute, "charge.dispute.closed", { status: "won" });
  change(step, dispute, "charge.dispute.funds_reinstated", { reinstatedAt: seconds(step) });
}

export function loseDispute(step: StripeStep, dispute: Dispute): void {
  requireOpen(dispute);
  change(step, dispute, "charge.dispute.closed", { status: "lost" });
}

function requireOpen({ id, status }: Dispute): void {
  if (status === "won" || status === "lost") throw invalid(`The dispute ${id} is closed (${status}).`);
}

function change(step: StripeStep, dispute: Dispute, type: string, changes: Partial<Dispute>): void {
  const object = () => disputeOf(step.state, dispute);
  emitChange(step, type, object, () => Object.assign(dispute, changes));
}
