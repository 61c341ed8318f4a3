/** A bank takes a charge back: the dispute is opened, answered, won or lost. */
import { hasSucceeded, moneyOf } from "./money";
import { disputeOf } from "./money-objects";
import type { Charge, Dispute } from "./money-types";
import { invalid } from "./problem";
import { tell, tellChange } from "./emit";
import { nextId, type StripeTurn, seconds } from "./account-state";

/** The bank opens it, and Stripe takes the amount back at once. */
export function openDispute(turn: StripeTurn, charge: Charge): Dispute {
  const { world } = turn;
  const left = charge.amount - charge.refunded;
  if (!hasSucceeded(charge) || charge.disputed || left === 0)
    throw invalid(`Charge ${charge.id} cannot be disputed.`, "charge");
  const dispute: Dispute = {
    id: nextId(world, "dp"),
    charge: charge.id,
    amount: left,
    status: "needs_response",
    created: seconds(turn),
    withdrawnAt: null,
    reinstatedAt: null,
  };
  moneyOf(world).disputes.push(dispute);
  charge.disputed = true;
  tell(turn, "charge.dispute.created", disputeOf(world, dispute));
  change(turn, dispute, "charge.dispute.funds_withdrawn", { withdrawnAt: seconds(turn) });
  return dispute;
}

/** The merchant sends evidence, and the bank looks at it. */
export function answerDispute(turn: StripeTurn, dispute: Dispute): void {
  requireOpen(dispute);
  if (dispute.status !== "needs_response") throw invalid("Evidence has been submitted already.", "submit");
  change(turn, dispute, "charge.dispute.updated", { status: "under_review" });
}

/** Funds come back after the dispute is closed. */
export function winDispute(turn: StripeTurn, dispute: Dispute): void {
  requireOpen(dispute);
  change(turn, dispute, "charge.dispute.closed", { status: "won" });
  change(turn, dispute, "charge.dispute.funds_reinstated", { reinstatedAt: seconds(turn) });
}

export function loseDispute(turn: StripeTurn, dispute: Dispute): void {
  requireOpen(dispute);
  change(turn, dispute, "charge.dispute.closed", { status: "lost" });
}

function requireOpen({ id, status }: Dispute): void {
  if (status === "won" || status === "lost") throw invalid(`The dispute ${id} is closed (${status}).`);
}

function change(turn: StripeTurn, dispute: Dispute, type: string, changes: Partial<Dispute>): void {
  const object = () => disputeOf(turn.world, dispute);
  tellChange(turn, type, object, () => Object.assign(dispute, changes));
}
