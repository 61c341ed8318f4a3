import type Stripe from "stripe";
import { stripeCurrency } from "../currency";
import { paymentIntentOf } from "./charge";
import type { WireFormat } from "./wire-format";

/** The input for a full or partial refund of a charge; instants in seconds since 1970, amounts in US cents. */
export interface RefundSpec {
  id: string;
  charge: string;
  customer: string;
  paymentMethod: string | null;
  amount: number;
  reason: "duplicate" | "fraudulent" | "requested_by_customer" | null;
  created: number;
  metadata?: Record<string, string>;
}

export function refundObject(spec: RefundSpec) {
  return {
    id: spec.id,
    object: "refund",
    amount: spec.amount,
    balance_transaction: `txn_${spec.id.slice(3)}`,
    charge: spec.charge,
    created: spec.created,
    currency: stripeCurrency(),
    customer: spec.customer,
    customer_account: null,
    destination_details: {
      card: { reference_status: "pending", reference_type: "acquirer_reference_number", type: "refund" },
      type: "card",
    },
    metadata: spec.metadata ?? {},
    payment_intent: paymentIntentOf(spec.charge),
    payment_method: spec.paymentMethod,
    reason: spec.reason,
    receipt_number: null,
    source_transfer_reversal: null,
    status: "succeeded",
    transfer_reversal: null,
  } satisfies WireFormat<Stripe.Refund>;
}
