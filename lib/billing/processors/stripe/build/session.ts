import type { StripeObject } from "./price";
import { places, type Shape } from "./shapes";

/** A checkout that sold a subscription, to build; instants in seconds since 1970, amounts in US cents. */
export interface SessionSpec {
  id: string;
  customer: string;
  subscription: string;
  invoice: string;
  amount: number;
  created: number;
  /** Our own server writes `user_id` here. */
  metadata?: Record<string, string>;
  /** The browser's word where a payment link made the session. */
  clientReferenceId?: string | null;
  livemode?: boolean;
}

/** A completed checkout session as Stripe sends it in the shape. */
export function sessionObject(spec: SessionSpec, shape: Shape): StripeObject {
  const { old, today } = places(shape);
  return {
    id: spec.id,
    object: "checkout.session",
    ...(today ? { adaptive_pricing: { enabled: false } } : {}),
    after_expiration: null,
    allow_promotion_codes: false,
    amount_subtotal: spec.amount,
    amount_total: spec.amount,
    automatic_tax: { enabled: false, liability: null, ...(today ? { provider: null } : {}), status: null },
    billing_address_collection: null,
    cancel_url: "https://tollgate.example/billing",
    client_reference_id: spec.clientReferenceId ?? null,
    client_secret: null,
    ...(today ? { collected_information: { business_name: null, individual_name: null, shipping_details: null } } : {}),
    consent: null,
    consent_collection: null,
    created: spec.created,
    currency: "usd",
    currency_conversion: null,
    custom_fields: [],
    custom_text: { after_submit: null, shipping_address: null, submit: null, terms_of_service_acceptance: null },
    customer: spec.customer,
    customer_creation: null,
    customer_details: {
      address: { city: null, country: "US", line1: null, line2: null, postal_code: "94103", state: null },
      email: "ada@example.com",
      name: "Ada Lovelace",
      phone: null,
      tax_exempt: "none",
      tax_ids: [],
    },
    customer_email: null,
    ...(today ? { discounts: [] } : {}),
    expires_at: spec.created + 86_400,
    invoice: spec.invoice,
    invoice_creation: null,
    livemode: spec.livemode ?? false,
    locale: null,
    metadata: spec.metadata ?? {},
    mode: "subscription",
    ...(today ? { origin_context: null } : {}),
    payment_intent: null,
    payment_link: null,
    payment_method_collection: "always",
    payment_method_configuration_details: null,
    payment_method_options: { card: { request_three_d_secure: "automatic" } },
    payment_method_types: ["card"],
    payment_status: "paid",
    ...(today ? { permissions: null } : {}),
    phone_number_collection: { enabled: false },
    recovered_from: null,
    saved_payment_method_options: { allow_redisplay_filters: ["always"], payment_method_remove: null },
    setup_intent: null,
    shipping_address_collection: null,
    shipping_cost: null,
    ...(old ? { shipping_details: null } : {}),
    shipping_options: [],
    status: "complete",
    submit_type: null,
    subscription: spec.subscription,
    success_url: "https://tollgate.example/billing?checkout=done",
    total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
    // Today's word for what an old version calls "hosted".
    ui_mode: shape === "g2" ? "hosted_page" : "hosted",
    url: null,
    ...(today ? { wallet_options: null } : {}),
  };
}
