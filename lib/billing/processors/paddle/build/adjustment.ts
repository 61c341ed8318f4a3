import type { Instant } from "@/lib/billing/facts";
import { lineId } from "./line-id";
import { micros, type PaddleObject } from "./price";

/** An adjustment to build; the instant in milliseconds, the amount in US cents. */
export interface AdjustmentSpec {
  id: string;
  action:
    | "credit"
    | "credit_reverse"
    | "refund"
    | "chargeback"
    | "chargeback_reverse"
    | "chargeback_warning"
    | "chargeback_warning_reverse";
  status: "pending_approval" | "approved" | "rejected" | "reversed";
  transaction: string;
  subscription: string | null;
  customer: string;
  amount: number;
  at: Instant;
}

/** An adjustment as Paddle sends it. */
export function adjustmentEntity(spec: AdjustmentSpec): PaddleObject {
  const total = String(spec.amount);
  return {
    id: spec.id,
    type: "partial",
    items: [
      {
        id: `adjitm_${spec.id.slice(4)}`,
        type: "partial",
        amount: total,
        totals: { tax: "0", total, subtotal: total },
        item_id: lineId(spec.transaction, 0),
        proration: null,
      },
    ],
    action: spec.action,
    reason: "requested_by_customer",
    status: spec.status,
    totals: { fee: "0", tax: "0", total, earnings: total, subtotal: total, retained_fee: "0", currency_code: "USD" },
    created_at: micros(spec.at),
    updated_at: micros(spec.at),
    customer_id: spec.customer,
    currency_code: "USD",
    payout_totals: null,
    tax_rates_used: [],
    transaction_id: spec.transaction,
    subscription_id: spec.subscription,
    credit_applied_to_balance: null,
  };
}
