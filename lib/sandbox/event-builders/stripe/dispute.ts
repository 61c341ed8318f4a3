import type Stripe from "stripe";
import { stripeCurrency } from "../currency";
import { paymentIntentOf } from "./charge";
import type { StripeObject } from "./price";
import { places, type Shape } from "./shapes";
import type { WireFormat } from "./wire-format";

/** The input for a dispute; instants in seconds since 1970, amounts in US cents. */
export interface DisputeSpec {
  id: string;
  charge: string;
  amount: number;
  status: "needs_response" | "under_review" | "won" | "lost";
  created: number;
  /** When the amount was withdrawn and reinstated; by default withdrawn at the opening. */
  withdrawnAt?: number | null;
  reinstatedAt?: number | null;
  email?: string | null;
  name?: string | null;
  brand?: "mastercard" | "visa";
  livemode?: boolean;
}

const DAY_SECONDS = 86_400;
/** Stripe's fee for a dispute, won or lost. */
const FEE = 1_500;

/** A dispute as Stripe sends it in the shape. It names its charge and no customer. */
export function disputeObject(spec: DisputeSpec, shape: Shape): StripeObject {
  const current = currentDispute(spec);
  if (shape === "basil") return current;
  const old = { ...current, balance_transaction: current.balance_transactions[0]?.id ?? null };
  if (places(shape).today) return old;
  const { enhanced_eligibility_types, intended_submission_method, ...pre_basil } = old;
  const { enhanced_evidence, ...evidence } = current.evidence;
  const { enhanced_eligibility, submission_method, ...evidence_details } = current.evidence_details;
  const { case_type, ...card } = current.payment_method_details.card;
  return { ...pre_basil, evidence, evidence_details, payment_method_details: { card, type: "card" } };
}

/** A dispute in the current API version. */
export function currentDispute(spec: DisputeSpec) {
  const { withdrawnAt = spec.created, reinstatedAt = null } = spec;
  const answered = spec.status !== "needs_response";
  const brand = spec.brand ?? "visa";
  return {
    id: spec.id,
    object: "dispute",
    amount: spec.amount,
    balance_transactions: [
      ...(withdrawnAt === null ? [] : [transaction(spec, "", withdrawnAt, -spec.amount, FEE)]),
      ...(reinstatedAt === null ? [] : [transaction(spec, "back", reinstatedAt, spec.amount, 0)]),
    ],
    charge: spec.charge,
    created: spec.created,
    currency: stripeCurrency(),
    enhanced_eligibility_types: [],
    evidence: {
      access_activity_log: null,
      billing_address: null,
      cancellation_policy: null,
      cancellation_policy_disclosure: null,
      cancellation_rebuttal: null,
      customer_communication: null,
      customer_email_address: spec.email === undefined ? "ada@example.com" : spec.email,
      customer_name: spec.name === undefined ? "Ada Lovelace" : spec.name,
      customer_purchase_ip: null,
      customer_signature: null,
      duplicate_charge_documentation: null,
      duplicate_charge_explanation: null,
      duplicate_charge_id: null,
      enhanced_evidence: {},
      product_description: null,
      receipt: null,
      refund_policy: null,
      refund_policy_disclosure: null,
      refund_refusal_explanation: null,
      service_date: null,
      service_documentation: null,
      shipping_address: null,
      shipping_carrier: null,
      shipping_date: null,
      shipping_documentation: null,
      shipping_tracking_number: null,
      uncategorized_file: null,
      uncategorized_text: null,
    },
    evidence_details: {
      due_by: spec.created + 7 * DAY_SECONDS,
      enhanced_eligibility: {},
      has_evidence: answered,
      past_due: false,
      submission_count: answered ? 1 : 0,
      submission_method: answered ? "manual" : "not_submitted",
    },
    intended_submission_method: "manual",
    is_charge_refundable: false,
    livemode: spec.livemode ?? false,
    metadata: {},
    payment_intent: paymentIntentOf(spec.charge),
    payment_method_details: {
      card: { brand, case_type: "chargeback", network: brand, network_reason_code: "10.4" },
      type: "card",
    },
    reason: "fraudulent",
    status: spec.status,
  } satisfies WireFormat<Stripe.Dispute>;
}

function transaction({ id }: DisputeSpec, suffix: string, created: number, amount: number, fee: number) {
  const back = amount > 0;
  return {
    id: `txn_${id.slice(3)}${suffix}`,
    object: "balance_transaction",
    amount,
    available_on: created + 2 * DAY_SECONDS,
    balance_type: "payments",
    created,
    currency: stripeCurrency(),
    description: back ? "Chargeback reversal" : "Chargeback withdrawal",
    exchange_rate: null,
    fee,
    fee_details:
      fee === 0
        ? []
        : [
            {
              amount: fee,
              application: null,
              currency: stripeCurrency(),
              description: "Dispute fee",
              type: "stripe_fee",
            },
          ],
    net: amount - fee,
    reporting_category: back ? "dispute_reversal" : "dispute",
    source: id,
    status: "available",
    type: "adjustment",
  } satisfies WireFormat<Stripe.BalanceTransaction>;
}
