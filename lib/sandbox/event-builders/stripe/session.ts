import type Stripe from "stripe";
import { stripeCurrency } from "../currency";
import { addressOf } from "./invoice";
import type { StripeObject } from "./price";
import { places, type Shape } from "./shapes";
import type { WireFormat } from "./wire-format";

/** The input for the checkout of a subscription; instants in seconds since 1970, amounts in US cents. */
export interface SessionSpec {
  id: string;
  customer: string | null;
  subscription: string | null;
  invoice: string | null;
  amount: number;
  created: number;
  /** By default it has been paid. */
  status?: "open" | "complete" | "expired";
  paymentStatus?: "paid" | "unpaid" | "no_payment_required";
  /** Our server writes `user_id` here. */
  metadata?: Record<string, string> | undefined;
  /** Set by the browser if a payment link created the session. */
  clientReferenceId?: string | null;
  customerEmail?: string | null;
  /** The payer's input; null before. */
  details?: { email: string | null; name: string | null } | null;
  successUrl?: string | null;
  cancelUrl?: string | null;
  url?: string | null;
  expiresAt?: number;
  /** `if_required`: a trial may begin without a card. */
  paymentMethodCollection?: "always" | "if_required";
  /** The payer may enter a promotion code. */
  allowPromotionCodes?: boolean;
  discounts?: readonly { coupon: string; promotionCode: string | null }[];
  /** The discounts and the tax that `amount` includes. */
  amountDiscount?: number;
  amountTax?: number;
  /** `amount` before discounts and added taxes. */
  amountSubtotal?: number;
  automaticTax?: boolean;
  taxIdCollection?: boolean;
  country?: string | null;
  livemode?: boolean;
}

/** A checkout session as Stripe sends it in the shape. */
export function sessionObject(spec: SessionSpec, shape: Shape): StripeObject {
  const current = currentSession(spec);
  if (shape === "basil") return current;
  const { allowed_payment_method_types, customer_account, integration_identifier, managed_payments, ...known } =
    current;
  const old = {
    ...known,
    customer_details: current.customer_details && oldDetails(current.customer_details),
    saved_payment_method_options: { allow_redisplay_filters: ["always"], payment_method_remove: null },
    shipping_details: null,
    ui_mode: "hosted",
  };
  if (places(shape).today) return old;
  const {
    adaptive_pricing,
    collected_information,
    discounts,
    origin_context,
    permissions,
    wallet_options,
    ...pre_basil
  } = old;
  const { provider, ...automatic_tax } = current.automatic_tax;
  return { ...pre_basil, automatic_tax };
}

function oldDetails(details: NonNullable<ReturnType<typeof currentSession>["customer_details"]>) {
  const { business_name, individual_name, ...old } = details;
  return old;
}

/** A checkout session in the current API version. */
export function currentSession(spec: SessionSpec) {
  const details = spec.details === undefined ? { email: "ada@example.com", name: "Ada Lovelace" } : spec.details;
  return {
    id: spec.id,
    object: "checkout.session",
    adaptive_pricing: { enabled: false },
    after_expiration: null,
    allow_promotion_codes: spec.allowPromotionCodes ?? false,
    allowed_payment_method_types: null,
    amount_subtotal: spec.amountSubtotal ?? spec.amount,
    amount_total: spec.amount,
    automatic_tax: automaticTax(spec),
    billing_address_collection: null,
    cancel_url: spec.cancelUrl === undefined ? "https://tollgate.example/billing" : spec.cancelUrl,
    client_reference_id: spec.clientReferenceId ?? null,
    client_secret: null,
    collected_information: { business_name: null, individual_name: null, shipping_details: null },
    consent: null,
    consent_collection: null,
    created: spec.created,
    currency: stripeCurrency(),
    currency_conversion: null,
    custom_fields: [],
    custom_text: { after_submit: null, shipping_address: null, submit: null, terms_of_service_acceptance: null },
    customer: spec.customer,
    customer_account: null,
    customer_creation: null,
    customer_details: details && {
      address: addressOf(spec.country) ?? HOME,
      business_name: null,
      email: details.email,
      individual_name: null,
      name: details.name,
      phone: null,
      tax_exempt: "none",
      tax_ids: [],
    },
    customer_email: spec.customerEmail ?? null,
    discounts: (spec.discounts ?? []).map(({ coupon, promotionCode }) => ({ coupon, promotion_code: promotionCode })),
    expires_at: spec.expiresAt ?? spec.created + 86_400,
    integration_identifier: null,
    invoice: spec.invoice,
    invoice_creation: null,
    livemode: spec.livemode ?? false,
    locale: null,
    managed_payments: null,
    metadata: spec.metadata ?? {},
    mode: "subscription",
    origin_context: null,
    payment_intent: null,
    payment_link: null,
    payment_method_collection: spec.paymentMethodCollection ?? "always",
    payment_method_configuration_details: null,
    payment_method_options: { card: { request_three_d_secure: "automatic" } },
    payment_method_types: ["card"],
    payment_status: spec.paymentStatus ?? "paid",
    permissions: null,
    phone_number_collection: { enabled: false },
    recovered_from: null,
    saved_payment_method_options: {
      allow_redisplay_filters: ["always"],
      payment_method_remove: null,
      payment_method_save: null,
    },
    setup_intent: null,
    shipping_address_collection: null,
    shipping_cost: null,
    shipping_options: [],
    status: spec.status ?? "complete",
    submit_type: null,
    subscription: spec.subscription,
    success_url: spec.successUrl === undefined ? "https://tollgate.example/billing?checkout=done" : spec.successUrl,
    ...(spec.taxIdCollection && { tax_id_collection: { enabled: true, required: "never" as const } }),
    total_details: { amount_discount: spec.amountDiscount ?? 0, amount_shipping: 0, amount_tax: spec.amountTax ?? 0 },
    // Older versions call this "hosted".
    ui_mode: "hosted_page",
    url: spec.url ?? null,
    wallet_options: null,
  } satisfies WireFormat<Stripe.Checkout.Session>;
}

const HOME = { city: null, country: "US", line1: null, line2: null, postal_code: "94103", state: null };

function automaticTax({ automaticTax: enabled = false, country }: SessionSpec) {
  if (!enabled) return { enabled, liability: null, provider: null, status: null };
  const status = country ? ("complete" as const) : ("requires_location_inputs" as const);
  return { enabled, liability: { type: "self" as const }, provider: "stripe", status };
}
