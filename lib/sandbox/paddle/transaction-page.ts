/** What Paddle, its sellers and banks do to a paid transaction: the actions of the sandbox's page of it. Pure. */
import { decide, dispute, requestRefund, reverse, shareOf } from "./adjustments";
import type { PaddleTurn, Transaction } from "./account-state";

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
 * @param adjustment the one that is decided about or reversed
 * @throws PaddleProblem for what Paddle refuses
 */
export function carryOutAction(
  turn: PaddleTurn,
  transaction: Transaction,
  action: TransactionAction,
  adjustment: string | null,
): void {
  const found = turn.world.adjustments.find(({ id, transaction: of }) => id === adjustment && of === transaction.id);
  switch (action) {
    case "refund":
    case "refund_half": {
      const items = shareOf(turn.world, transaction, action === "refund" ? 1 : 0.5);
      requestRefund(turn, transaction, { type: "partial", items, reason: "requested_by_customer" });
      return;
    }
    case "approve":
    case "reject":
      if (found) decide(turn, found, action === "approve" ? "approved" : "rejected");
      return;
    case "chargeback":
    case "chargeback_warning":
      dispute(turn, transaction, action);
      return;
    case "chargeback_reverse":
      if (found) reverse(turn, found, transaction);
  }
}
