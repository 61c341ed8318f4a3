import type { Instant } from "@/lib/billing/types";
import { paddleCurrency } from "../currency";
import { lineId } from "./line-id";
import { micros } from "./price";

export interface AdjustmentSums {
  subtotal: number;
  tax: number;
  total: number;
}

/** The input for an adjustment; instants in milliseconds, amounts in US cents; reversals have negative amounts. */
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
  /** By default `at`. */
  createdAt?: Instant;
  type?: "full" | "partial";
  reason?: string;
  /** The adjusted lines; absent: the whole amount on the first line, without tax. */
  items?: readonly ({ item: string; type: "full" | "partial" } & AdjustmentSums)[];
}

/** An adjustment as Paddle sends it. */
export function adjustmentEntity(spec: AdjustmentSpec) {
  const whole = { item: lineId(spec.transaction, 0), type: "partial" as const, ...untaxed(spec.amount) };
  const items = spec.items ?? [whole];
  const total = String(spec.amount);
  const tax = items.reduce((sum, each) => sum + each.tax, 0);
  const subtotal = String(spec.amount - tax);
  return {
    id: spec.id,
    type: spec.type ?? "partial",
    items: items.map((each, index) => ({
      id: `adjitm_0${(index + 1).toString(36)}${spec.id.slice(6)}`,
      type: each.type,
      amount: String(each.total),
      totals: { tax: String(each.tax), total: String(each.total), subtotal: String(each.subtotal) },
      item_id: each.item,
      proration: null,
    })),
    action: spec.action,
    reason: spec.reason ?? "requested_by_customer",
    status: spec.status,
    totals: {
      fee: "0",
      tax: String(tax),
      total,
      earnings: subtotal,
      subtotal,
      retained_fee: "0",
      currency_code: paddleCurrency(),
    },
    created_at: micros(spec.createdAt ?? spec.at),
    updated_at: micros(spec.at),
    customer_id: spec.customer,
    currency_code: paddleCurrency(),
    payout_totals: null,
    tax_rates_used: [],
    transaction_id: spec.transaction,
    subscription_id: spec.subscription,
    credit_applied_to_balance: null,
  };
}

function untaxed(total: number): AdjustmentSums {
  return { subtotal: total, tax: 0, total };
}
