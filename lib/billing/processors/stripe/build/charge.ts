import type { StripeObject } from "./price";
import { places, type Shape } from "./shapes";

/** A charge to build; instants in seconds since 1970, amounts in US cents. */
export interface ChargeSpec {
  id: string;
  customer: string;
  invoice: string;
  amount: number;
  /** What has been given back of it so far. */
  refunded?: number;
  created: number;
  livemode?: boolean;
}

/** A charge that succeeded, as Stripe sends it in the shape: which invoice it paid is not said since basil. */
export function chargeObject(spec: ChargeSpec, shape: Shape): StripeObject {
  const refunded = spec.refunded ?? 0;
  const { old, today } = places(shape);
  return {
    id: spec.id,
    object: "charge",
    amount: spec.amount,
    amount_captured: spec.amount,
    amount_refunded: refunded,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: `txn_${spec.id.slice(3)}`,
    billing_details: {
      address: { city: null, country: "US", line1: null, line2: null, postal_code: "94103", state: null },
      email: "ada@example.com",
      name: "Ada Lovelace",
      phone: null,
      ...(today ? { tax_id: null } : {}),
    },
    calculated_statement_descriptor: "TOLLGATE",
    captured: true,
    created: spec.created,
    currency: "usd",
    customer: spec.customer,
    description: "Subscription update",
    ...(old ? { destination: null, dispute: null } : {}),
    disputed: false,
    failure_balance_transaction: null,
    failure_code: null,
    failure_message: null,
    fraud_details: {},
    ...(old ? { invoice: spec.invoice } : {}),
    livemode: spec.livemode ?? false,
    metadata: {},
    on_behalf_of: null,
    ...(old ? { order: null } : {}),
    outcome: {
      ...(today ? { advice_code: null, network_advice_code: null, network_decline_code: null } : {}),
      network_status: "approved_by_network",
      reason: null,
      risk_level: "normal",
      risk_score: 12,
      seller_message: "Payment complete.",
      type: "authorized",
    },
    paid: true,
    payment_intent: `pi_${spec.id.slice(3)}`,
    payment_method: "pm_1TollgateCardVisa4242",
    payment_method_details: {
      card: {
        amount_authorized: spec.amount,
        brand: "visa",
        country: "US",
        exp_month: 12,
        exp_year: 2030,
        last4: "4242",
      },
      type: "card",
    },
    receipt_email: null,
    receipt_number: null,
    receipt_url: `https://pay.stripe.com/receipts/${spec.id}`,
    refunded: refunded === spec.amount,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: "succeeded",
    transfer_data: null,
    transfer_group: null,
  };
}
