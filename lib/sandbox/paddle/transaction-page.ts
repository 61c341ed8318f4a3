/** The actions of a transaction's page: those of the seller, of Paddle and of the bank. Pure. */

import type { PaddleStep, Transaction } from "./account-state";
import { decide, dispute, requestRefund, reverse, shareOf } from "./adjustments";

const ACTIONS = [
  "refund",
  "refund_half",
  "approve",
  "reject",
  "chargeback",
  "chargeback_warning",
  "chargeback_reverse",
] as const;
export type TransactionAction = (typeof ACTIONS)[number];

export function isTransactionAction(name: string): name is TransactionAction {
  return ACTIONS.some((each) => each === name);
}

/**
 * @param adjustment the adjustment to approve, reject or reverse
 * @throws PaddleProblem if Paddle refuses the action
 */
export function runTransactionAction(
  step: PaddleStep,
  transaction: Transaction,
  action: TransactionAction,
  adjustment: string | null,
): void {
  const found = step.state.adjustments.find(({ id, transaction: of }) => id === adjustment && of === transaction.id);
  switch (action) {
    case "refund":
    case "refund_half": {
      const items = shareOf(step.state, transaction, action === "refund" ? 1 : 0.5);
      requestRefund(step, transaction, { type: "partial", items, reason: "requested_by_customer" });
      return;
    }
    case "approve":
    case "reject":
      if (found) decide(step, found, action === "approve" ? "approved" : "rejected");
      return;
    case "chargeback":
    case "chargeback_warning":
      dispute(step, transaction, action);
      return;
    case "chargeback_reverse":
      if (found) reverse(step, found, transaction);
  }
}
