import type Stripe from "stripe";
import { stripeCurrency } from "../currency";
import type { StripeObject } from "./price";
import { places, type Shape } from "./shapes";
import type { WireFormat } from "./wire-format";

/** The input for a charge; instants in seconds since 1970, amounts in US cents. */
export interface ChargeSpec {
  id: string;
  customer: string;
  invoice: string;
  amount: number;
  /** The refunded amount so far. */
  refunded?: number;
  disputed?: boolean;
  /** By default it succeeded. A bank debit is pending until the bank answers. */
  status?: "succeeded" | "pending" | "failed";
  created: number;
  email?: string | null;
  name?: string | null;
  card?: { id: string; brand: "mastercard" | "visa"; last4: string };
  /** The debited account, if it was no card. */
  bankAccount?: { id: string; last4: string };
  livemode?: boolean;
}

/** The id of a payment's charge: a retried payment has one per attempt, counted from 1. */
export function attemptOf(firstCharge: string, attempt: number): string {
  return attempt === 1 ? firstCharge : `${firstCharge}_a${attempt}`;
}

/** The id of the payment that made the charge. */
export function paymentIntentOf(charge: string): string {
  return `pi_${charge.slice(3).replace(/_a\d+$/, "")}`;
}

/** A charge as Stripe sends it in the shape: since basil it does not name its invoice. */
export function chargeObject(spec: ChargeSpec, shape: Shape): StripeObject {
  const current = currentCharge(spec);
  if (shape === "basil") return current;
  const old = { ...current, destination: null, dispute: null, invoice: spec.invoice, order: null };
  if (places(shape).today) return old;
  const { advice_code, network_advice_code, network_decline_code, ...outcome } = current.outcome;
  const { tax_id, ...billing_details } = current.billing_details;
  return { ...old, billing_details, outcome };
}

/** A charge in the current API version. */
export function currentCharge(spec: ChargeSpec) {
  const refunded = spec.refunded ?? 0;
  const { status = "succeeded" } = spec;
  const failed = status === "failed";
  const { id: card, brand, last4 } = spec.card ?? { id: "pm_1TollgateCardVisa4242", brand: "visa", last4: "4242" };
  return {
    id: spec.id,
    object: "charge",
    amount: spec.amount,
    amount_captured: failed ? 0 : spec.amount,
    amount_refunded: refunded,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: status === "succeeded" ? `txn_${spec.id.slice(3)}` : null,
    billing_details: {
      address: { city: null, country: "US", line1: null, line2: null, postal_code: "94103", state: null },
      email: spec.email === undefined ? "ada@example.com" : spec.email,
      name: spec.name === undefined ? "Ada Lovelace" : spec.name,
      phone: null,
      tax_id: null,
    },
    calculated_statement_descriptor: "TOLLGATE",
    captured: !failed,
    created: spec.created,
    currency: stripeCurrency(),
    customer: spec.customer,
    description: "Subscription update",
    disputed: spec.disputed ?? false,
    failure_balance_transaction: null,
    failure_code: failed ? (spec.bankAccount ? "insufficient_funds" : "card_declined") : null,
    failure_message: failed ? "The payment was declined." : null,
    fraud_details: {},
    livemode: spec.livemode ?? false,
    metadata: {},
    on_behalf_of: null,
    outcome: {
      advice_code: null,
      network_advice_code: null,
      network_decline_code: null,
      network_status: failed ? "declined_by_network" : "approved_by_network",
      reason: failed ? "generic_decline" : null,
      risk_level: "normal",
      risk_score: 12,
      seller_message: failed ? "The bank did not return any further details with this decline." : "Payment complete.",
      type: failed ? "issuer_declined" : "authorized",
    },
    paid: status === "succeeded",
    payment_intent: paymentIntentOf(spec.id),
    payment_method: spec.bankAccount?.id ?? card,
    payment_method_details: spec.bankAccount
      ? { type: "us_bank_account", us_bank_account: bankDetails(spec.bankAccount.last4) }
      : { card: cardDetails(spec.amount, brand, last4), type: "card" },
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
    status,
    transfer_data: null,
    transfer_group: null,
  } satisfies WireFormat<Stripe.Charge>;
}

function cardDetails(amount: number, brand: string, last4: string) {
  return {
    amount_authorized: amount,
    authorization_code: null,
    brand,
    checks: { address_line1_check: null, address_postal_code_check: "pass", cvc_check: "pass" },
    country: "US",
    electronic_commerce_indicator: null,
    exp_month: 12,
    exp_year: 2030,
    fingerprint: `tollgate${last4}`,
    funding: "credit",
    installments: null,
    last4,
    mandate: null,
    network: brand,
    network_transaction_id: null,
    regulated_status: "unregulated",
    three_d_secure: null,
    transaction_link_id: null,
    wallet: null,
  } satisfies WireFormat<Stripe.Charge.PaymentMethodDetails.Card>;
}

function bankDetails(last4: string) {
  return {
    account_holder_type: "individual",
    account_type: "checking",
    bank_name: "STRIPE TEST BANK",
    fingerprint: `tollgate${last4}`,
    last4,
    payment_reference: null,
    routing_number: "110000000",
  } satisfies WireFormat<Stripe.Charge.PaymentMethodDetails.UsBankAccount>;
}
