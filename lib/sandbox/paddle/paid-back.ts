/** The amounts that adjustments have paid back. Pure. */
import { paddleCurrency } from "../event-builders/currency";
import type { AccountState } from "./account-state";

/** The sums of the adjustments in effect, by action. */
export function paidBack({ adjustments }: AccountState, transaction: string) {
  const back = { subtotal: 0, tax: 0, total: 0, refund: 0, chargeback: 0 };
  for (const { transaction: of, status, action, items = [], amount } of adjustments) {
    if (of !== transaction || (status !== "approved" && status !== "reversed")) continue;
    const tax = items.reduce((sum, each) => sum + each.tax, 0);
    back.tax += tax;
    back.total += amount;
    back.subtotal += amount - tax;
    back[action === "refund" ? "refund" : "chargeback"] += amount;
  }
  return back;
}

/** The answer for `include=adjustments_totals`. */
export function adjustmentsTotalsOf(state: AccountState, transaction: string) {
  const { subtotal, tax, total, refund, chargeback } = paidBack(state, transaction);
  return {
    subtotal: String(subtotal),
    tax: String(tax),
    total: String(total),
    fee: "0",
    earnings: String(subtotal),
    breakdown: { credit: "0", refund: String(refund), chargeback: String(chargeback) },
    currency_code: paddleCurrency(),
  };
}
