import type { StripeObject } from "./price";
import { places, type Shape } from "./shapes";

/** A dispute to build; instants in seconds since 1970, amounts in US cents. */
export interface DisputeSpec {
  id: string;
  charge: string;
  amount: number;
  status: "needs_response" | "under_review" | "won" | "lost";
  created: number;
  livemode?: boolean;
}

/** A dispute as Stripe sends it in the shape. It names its charge and no customer. */
export function disputeObject(spec: DisputeSpec, shape: Shape): StripeObject {
  const { today } = places(shape);
  const livemode = spec.livemode ?? false;
  return {
    id: spec.id,
    object: "dispute",
    amount: spec.amount,
    balance_transaction: `txn_${spec.id.slice(3)}`,
    balance_transactions: [
      {
        id: `txn_${spec.id.slice(3)}`,
        object: "balance_transaction",
        amount: -spec.amount,
        created: spec.created,
        currency: "usd",
        fee: 1500,
        net: -spec.amount - 1500,
        reporting_category: "dispute",
        source: spec.id,
        status: "available",
        type: "adjustment",
      },
    ],
    charge: spec.charge,
    created: spec.created,
    currency: "usd",
    ...(today ? { enhanced_eligibility_types: [] } : {}),
    evidence: {
      customer_email_address: "ada@example.com",
      customer_name: "Ada Lovelace",
      ...(today ? { enhanced_evidence: {} } : {}),
      product_description: null,
      uncategorized_text: null,
    },
    evidence_details: {
      due_by: spec.created + 7 * 86_400,
      ...(today ? { enhanced_eligibility: {} } : {}),
      has_evidence: spec.status !== "needs_response",
      past_due: false,
      submission_count: spec.status === "needs_response" ? 0 : 1,
    },
    is_charge_refundable: false,
    livemode,
    metadata: {},
    payment_intent: `pi_${spec.charge.slice(3)}`,
    payment_method_details: {
      card: { brand: "visa", ...(today ? { case_type: "chargeback" } : {}), network_reason_code: "10.4" },
      type: "card",
    },
    reason: "fraudulent",
    status: spec.status,
  };
}
