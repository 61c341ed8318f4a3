/** Adjustments of completed transactions: refunds, chargebacks and their reversals. Pure. */
import { MINUTE_MS } from "@/lib/billing/timeline/calendar";
import { type AdjustmentSums, lineId, lineSums } from "../event-builders/paddle/events";
import { type AccountState, type Adjustment, nextId, type PaddleStep, type Transaction } from "./account-state";
import { emitAdjustment } from "./emit";
import { PaddleProblem } from "./problem";
import { dueOf } from "./transactions";

/** In Paddle's own sandbox a job approves refunds every ten minutes. */
const APPROVAL = 10 * MINUTE_MS;

/** The adjusted amount of one line. */
export type AdjustedLine = { item: string; type: "full" | "partial" } & AdjustmentSums;

export interface RemainingLine {
  item: string;
  /** The amount that can still be paid back. */
  total: number;
  /** Its tax as a part of its total. */
  taxShare: number;
}

/** The charged lines with their amounts that are not adjusted yet. Rejected refunds do not count. */
export function remainingOf(state: AccountState, { id, lines }: Transaction): RemainingLine[] {
  const earlier = effective(state, id).flatMap(({ items = [] }) => items);
  return lines.flatMap((line, index) => {
    const item = lineId(id, index);
    const { tax, total } = lineSums(line);
    if (total <= 0) return [];
    const back = earlier.filter((each) => each.item === item).reduce((sum, each) => sum + each.total, 0);
    return [{ item, total: total - back, taxShare: tax / total }];
  });
}

/** The amount that a card has paid and that is not adjusted yet. */
export function refundable(state: AccountState, transaction: Transaction): number {
  const back = effective(state, transaction.id).reduce((sum, { amount }) => sum + amount, 0);
  return dueOf(transaction) - back;
}

/** The adjustments in effect, and refunds that wait for approval. A reversal cancels its chargeback. */
function effective({ adjustments }: AccountState, transaction: string): Adjustment[] {
  return adjustments.filter((each) => each.transaction === transaction && each.status !== "rejected");
}

/** An amount of one line, with its share of the tax. */
export function partOf({ item, total, taxShare }: RemainingLine, amount: number): AdjustedLine {
  const tax = Math.round(amount * taxShare);
  return { item, type: amount === total ? "full" : "partial", subtotal: amount - tax, tax, total: amount };
}

/** A share of the remaining amount, taken from the lines in their order; 1 is the whole amount. */
export function shareOf(state: AccountState, transaction: Transaction, share: number): AdjustedLine[] {
  let left = Math.round(refundable(state, transaction) * share);
  return remainingOf(state, transaction).flatMap((line) => {
    const amount = Math.min(line.total, left);
    left -= amount;
    return amount > 0 ? [partOf(line, amount)] : [];
  });
}

/** Requests a refund, which Paddle approves or rejects later. */
export function requestRefund(
  step: PaddleStep,
  transaction: Transaction,
  { type, items, reason }: { type: "full" | "partial"; items: AdjustedLine[]; reason: string },
): Adjustment {
  requireRefundable(step.state, transaction);
  const amount = items.reduce((sum, { total }) => sum + total, 0);
  const remaining = refundable(step.state, transaction);
  if (remaining <= 0) {
    throw cannot("adjustment_transaction_item_has_already_been_fully_adjusted", "nothing is left to adjust");
  }
  if (amount > remaining) {
    throw cannot("adjustment_total_amount_above_remaining_allowed", `${amount} is above the remaining ${remaining}`);
  }
  const approvesAt = step.now + APPROVAL;
  return add(step, transaction, { action: "refund", status: "pending_approval", type, items, reason, approvesAt });
}

/** @throws PaddleProblem if the transaction's state allows no refund */
export function requireRefundable({ adjustments }: AccountState, { id, status, customer }: Transaction): void {
  if (status !== "completed") {
    throw cannot("adjustment_transaction_invalid_status_for_refund", "transaction is not completed");
  }
  if (customer === null) {
    throw cannot("adjustment_transaction_missing_customer_id", "transaction has no customer");
  }
  if (adjustments.some((each) => each.transaction === id && each.status === "pending_approval")) {
    throw cannot("adjustment_pending_refund_request", "a refund of this transaction waits for approval");
  }
}

/** Approves or rejects a refund. */
export function decide(step: PaddleStep, adjustment: Adjustment, status: "approved" | "rejected"): void {
  if (adjustment.status !== "pending_approval") return;
  Object.assign(adjustment, { status, approvesAt: null });
  emitAdjustment(step, adjustment, "updated");
}

/** The payer's bank charges back, or warns of it: Paddle then pays back at once. Neither needs an approval. */
export function dispute(
  step: PaddleStep,
  transaction: Transaction,
  action: "chargeback" | "chargeback_warning",
): Adjustment {
  const items = shareOf(step.state, transaction, 1);
  if (transaction.status !== "completed" || items.length === 0) {
    throw cannot("adjustment_transaction_item_has_already_been_fully_adjusted", "nothing is left to take back");
  }
  return add(step, transaction, { action, status: "approved", type: "full", items, reason: action, approvesAt: null });
}

/** Paddle wins: the reversal is a new adjustment, and the chargeback becomes `reversed`. */
export function reverse(step: PaddleStep, adjustment: Adjustment, transaction: Transaction): void {
  if (!isReversible(adjustment)) return;
  add(step, transaction, {
    action: adjustment.action === "chargeback" ? "chargeback_reverse" : "chargeback_warning_reverse",
    status: "approved",
    type: "full",
    items: (adjustment.items ?? []).map(({ item, type, subtotal, tax, total }) => ({
      item,
      type,
      subtotal: -subtotal,
      tax: -tax + 0,
      total: -total,
    })),
    reason: adjustment.action,
    approvesAt: null,
    reverses: adjustment.id,
  });
  adjustment.status = "reversed";
  emitAdjustment(step, adjustment, "updated");
}

export function isReversible({ action, status }: Adjustment): boolean {
  return (action === "chargeback" || action === "chargeback_warning") && status === "approved";
}

type Draft = Pick<Adjustment, "action" | "status" | "approvesAt" | "reverses"> & {
  type: "full" | "partial";
  items: AdjustedLine[];
  reason: string;
};

function add(step: PaddleStep, transaction: Transaction, draft: Draft): Adjustment {
  const { state, now } = step;
  const adjustment: Adjustment = {
    id: nextId(state, "adj"),
    transaction: transaction.id,
    subscription: transaction.subscription,
    customer: state.customer.id,
    amount: draft.items.reduce((sum, { total }) => sum + total, 0),
    createdAt: now,
    at: now,
    ...draft,
  };
  state.adjustments.push(adjustment);
  emitAdjustment(step, adjustment, "created");
  return adjustment;
}

function cannot(code: string, detail: string): PaddleProblem {
  return new PaddleProblem(400, code, detail);
}
