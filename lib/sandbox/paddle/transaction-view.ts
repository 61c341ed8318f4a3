/** The view of one transaction's page; instants as ISO text, amounts in US cents. */
import { sumOfLines } from "../event-builders/paddle/events";
import type { AccountState, Adjustment, Transaction } from "./account-state";
import { isReversible, refundable } from "./adjustments";
import { titleOf } from "./api/catalog";
import { discountNamed } from "./discounts";
import { dueOf } from "./transactions";

export interface TransactionView {
  number: string | null;
  status: Transaction["status"];
  at: string;
  lines: { name: string; amount: number }[];
  discount: { amount: number; code: string | null } | null;
  tax: number;
  /** The amount that a card has paid. */
  paid: number;
  /** The amount that can still be paid back. */
  remaining: number;
  /** A refund waits for approval, so another one cannot be requested. */
  waits: boolean;
  adjustments: {
    id: string;
    action: Adjustment["action"];
    status: Adjustment["status"];
    amount: number;
    at: string;
    reversible: boolean;
  }[];
  now: string;
}

export function transactionView(state: AccountState, id: string, now: number): TransactionView | null {
  const transaction = state.transactions.find((each) => each.id === id);
  if (transaction === undefined || transaction.origin === "subscription_payment_method_change") return null;
  const { invoiceNumber, status, billedAt, createdAt, lines, discountId } = transaction;
  const sums = sumOfLines(lines);
  const adjustments = state.adjustments.filter((each) => each.transaction === id);
  return {
    number: invoiceNumber,
    status,
    at: iso(billedAt ?? createdAt),
    lines: lines.map(({ price, amount }) => ({ name: titleOf(price), amount })),
    discount: sums.discount === 0 ? null : { amount: sums.discount, code: discountNamed(discountId)?.code ?? null },
    tax: sums.tax,
    paid: status === "completed" ? dueOf(transaction) : 0,
    remaining: status === "completed" ? refundable(state, transaction) : 0,
    waits: adjustments.some((each) => each.status === "pending_approval"),
    adjustments: adjustments.toReversed().map((each) => ({
      id: each.id,
      action: each.action,
      status: each.status,
      amount: each.amount,
      at: iso(each.createdAt ?? each.at),
      reversible: isReversible(each),
    })),
    now: iso(now),
  };
}

function iso(instant: number): string {
  return new Date(instant).toISOString();
}
