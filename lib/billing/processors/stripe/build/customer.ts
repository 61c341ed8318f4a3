import type { StripeObject } from "./price";

/** A customer to build; `created` in seconds since 1970. */
export interface CustomerSpec {
  id: string;
  created: number;
  metadata?: Record<string, string>;
  livemode?: boolean;
}

/** A customer as Stripe sends it, the same in every shape. */
export function customerObject(spec: CustomerSpec): StripeObject {
  return {
    id: spec.id,
    object: "customer",
    address: null,
    balance: 0,
    created: spec.created,
    currency: "usd",
    default_source: null,
    delinquent: false,
    description: null,
    discount: null,
    email: "ada@example.com",
    invoice_prefix: "ADA00001",
    invoice_settings: {
      custom_fields: null,
      default_payment_method: "pm_1TollgateCardVisa4242",
      footer: null,
      rendering_options: null,
    },
    livemode: spec.livemode ?? false,
    metadata: spec.metadata ?? {},
    name: "Ada Lovelace",
    next_invoice_sequence: 2,
    phone: null,
    preferred_locales: ["en-US"],
    shipping: null,
    tax_exempt: "none",
    test_clock: null,
  };
}
