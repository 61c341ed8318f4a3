import { type LineSpec, lineObject } from "./line";
import type { StripeObject } from "./price";
import { places, type Shape } from "./shapes";

/** An invoice to build; instants in seconds since 1970, amounts in US cents. */
export interface InvoiceSpec {
  id: string;
  customer: string;
  subscription: string;
  /** The subscription's metadata as it was when the invoice was made. */
  metadata?: Record<string, string>;
  billingReason: "subscription_create" | "subscription_cycle" | "subscription_update" | "manual";
  lines: readonly LineSpec[];
  created: number;
  /** For a cycle invoice the period that just ended: what is charged for is in the lines. */
  periodStart: number;
  periodEnd: number;
  status: "paid" | "open";
  /** The customer's balance before; negative is a credit. */
  startingBalance?: number;
  attemptCount?: number;
  nextPaymentAttempt?: number | null;
  livemode?: boolean;
}

/** An invoice as Stripe sends it in the shape. */
export function invoiceObject(spec: InvoiceSpec, shape: Shape): StripeObject {
  const { old, today } = places(shape);
  const livemode = spec.livemode ?? false;
  const paid = spec.status === "paid";
  const total = spec.lines.reduce((sum, line) => sum + line.amount, 0);
  const starting = spec.startingBalance ?? 0;
  const due = Math.max(0, total + starting);
  const details = { metadata: spec.metadata ?? {} };
  return {
    id: spec.id,
    object: "invoice",
    account_country: "US",
    account_name: "Tollgate",
    account_tax_ids: null,
    amount_due: due,
    ...(today ? { amount_overpaid: 0 } : {}),
    amount_paid: paid ? due : 0,
    amount_remaining: paid ? 0 : due,
    amount_shipping: 0,
    application: null,
    attempt_count: spec.attemptCount ?? 1,
    attempted: true,
    auto_advance: !paid,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null, provider: null, status: null },
    automatically_finalizes_at: null,
    billing_reason: spec.billingReason,
    ...(old ? { charge: due > 0 ? `ch_${spec.id.slice(3)}` : null } : {}),
    collection_method: "charge_automatically",
    created: spec.created,
    currency: "usd",
    custom_fields: null,
    customer: spec.customer,
    customer_address: null,
    customer_email: "ada@example.com",
    customer_name: "Ada Lovelace",
    customer_phone: null,
    customer_shipping: null,
    customer_tax_exempt: "none",
    customer_tax_ids: [],
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    due_date: null,
    effective_at: spec.created,
    ending_balance: Math.min(0, total + starting),
    footer: null,
    from_invoice: null,
    hosted_invoice_url: `https://invoice.stripe.com/i/acct_tollgate/test_${spec.id}`,
    invoice_pdf: `https://pay.stripe.com/invoice/acct_tollgate/test_${spec.id}/pdf`,
    issuer: { type: "self" },
    last_finalization_error: null,
    latest_revision: null,
    lines: {
      object: "list",
      data: spec.lines.map((line) => lineObject(line, spec, shape)),
      has_more: false,
      total_count: spec.lines.length,
      url: `/v1/invoices/${spec.id}/lines`,
    },
    livemode,
    metadata: {},
    next_payment_attempt: spec.nextPaymentAttempt ?? null,
    number: "TOLLGATE-0001",
    on_behalf_of: null,
    ...(old ? { paid, paid_out_of_band: false, payment_intent: due > 0 ? `pi_${spec.id.slice(3)}` : null } : {}),
    ...(today
      ? {
          parent: {
            quote_details: null,
            subscription_details: { ...details, subscription: spec.subscription },
            type: "subscription_details",
          },
        }
      : {}),
    payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null },
    period_end: spec.periodEnd,
    period_start: spec.periodStart,
    post_payment_credit_notes_amount: 0,
    pre_payment_credit_notes_amount: 0,
    receipt_number: null,
    rendering: null,
    shipping_cost: null,
    shipping_details: null,
    starting_balance: starting,
    statement_descriptor: null,
    status: spec.status,
    status_transitions: {
      finalized_at: spec.created,
      marked_uncollectible_at: null,
      paid_at: paid ? spec.created : null,
      voided_at: null,
    },
    ...(old ? { subscription: spec.subscription, subscription_details: details } : {}),
    subtotal: total,
    subtotal_excluding_tax: total,
    ...(old ? { tax: null } : {}),
    test_clock: null,
    total,
    total_discount_amounts: [],
    total_excluding_tax: total,
    total_pretax_credit_amounts: [],
    ...(old ? { total_tax_amounts: [], transfer_data: null } : {}),
    ...(today ? { total_taxes: [] } : {}),
    webhooks_delivered_at: spec.created,
  };
}
