/** Cards and bank accounts as objects of the current API version, checked against the SDK's type at compile time. */
import type Stripe from "stripe";
import type { WireFormat } from "../event-builders/stripe/events";
import type { AccountState, Card } from "./account-state";
import { brandOf, isBankAccount } from "./methods";

export function paymentMethodOf({ customer }: AccountState, { id, created, number }: Card) {
  const method = {
    id,
    object: "payment_method" as const,
    allow_redisplay: "limited" as const,
    billing_details: {
      address: { city: null, country: "US", line1: null, line2: null, postal_code: "94103", state: null },
      email: customer.email,
      name: customer.name,
      phone: null,
      tax_id: null,
    },
    created,
    customer: customer.id,
    customer_account: null,
    livemode: false,
    metadata: {},
  };
  if (isBankAccount(number)) {
    return {
      ...method,
      type: "us_bank_account",
      us_bank_account: {
        account_holder_type: "individual",
        account_type: "checking",
        bank_name: "STRIPE TEST BANK",
        financial_connections_account: null,
        fingerprint: `sandbox${number}`,
        last4: number,
        networks: { preferred: "ach", supported: ["ach"] },
        routing_number: "110000000",
        status_details: {},
      },
    } satisfies WireFormat<Stripe.PaymentMethod>;
  }
  const brand = brandOf(number);
  return {
    ...method,
    card: {
      brand,
      checks: { address_line1_check: null, address_postal_code_check: "pass", cvc_check: "pass" },
      country: "US",
      display_brand: brand,
      exp_month: 12,
      exp_year: 2099,
      fingerprint: `sandbox${number}`,
      funding: "credit",
      generated_from: null,
      last4: number,
      networks: { available: [brand], preferred: null },
      regulated_status: "unregulated",
      three_d_secure_usage: { supported: true },
      wallet: null,
    },
    type: "card",
  } satisfies WireFormat<Stripe.PaymentMethod>;
}
