import type Stripe from "stripe";
import { stripeCurrency } from "../currency";
import type { InvoiceSpec } from "./invoice-spec";
import { currentLine, lineObject, taxOf } from "./line";
import type { LineSpec, LineTax } from "./line-spec";
import { embeddedList } from "./list";
import type { StripeObject } from "./price";
import { places, type Shape } from "./shapes";
import type { UntypedFields, WireFormat } from "./wire-format";

/** An invoice as Stripe sends it in the shape. */
export function invoiceObject(spec: InvoiceSpec, shape: Shape): StripeObject {
  const current = currentInvoice(spec);
  if (shape === "basil") return current;
  const { customer_account, amount_overpaid, parent, total_taxes, ...old } = current;
  const paid = spec.status === "paid";
  const charged = current.amount_due > 0;
  return {
    ...old,
    ...(places(shape).today ? { amount_overpaid, parent, total_taxes } : {}),
    charge: charged ? `ch_${spec.id.slice(3)}` : null,
    lines: embeddedList(
      spec.lines.map((line) => lineObject(line, spec, shape)),
      current.lines.url,
      spec.moreLines,
    ),
    paid,
    paid_out_of_band: spec.paidOutOfBand ?? false,
    payment_intent: charged ? `pi_${spec.id.slice(3)}` : null,
    subscription: spec.subscription,
    subscription_details: { metadata: spec.metadata ?? {} },
    tax: null,
    total_tax_amounts: [],
    transfer_data: null,
  };
}

/**
 * The amounts of an invoice: `due` is the charge, `ending` the customer's balance afterwards. An inclusive tax is part
 * of the amounts, an exclusive one is added.
 */
export function invoiceAmounts({
  lines,
  startingBalance = 0,
  creditNotes,
}: Pick<InvoiceSpec, "lines" | "startingBalance" | "creditNotes">) {
  const total = lines.reduce((sum, line) => sum + line.amount - (line.discount ?? 0) + exclusiveTax(line), 0);
  const before = Math.max(0, total + startingBalance);
  return {
    total,
    due: Math.max(0, before - (creditNotes?.prePayment ?? 0)),
    ending: Math.min(0, total + startingBalance),
  };
}

function exclusiveTax({ tax }: LineSpec): number {
  return tax?.behavior === "exclusive" ? tax.amount : 0;
}

/** The taxes of all lines, one sum per rate. */
function totalTaxes(lines: readonly LineSpec[]): LineTax[] {
  const totals = new Map<string, LineTax>();
  for (const { tax } of lines) {
    if (tax === undefined) continue;
    const key = `${tax.rate} ${tax.behavior}`;
    const sum = totals.get(key) ?? { ...tax, amount: 0, taxable: 0 };
    totals.set(key, { ...sum, amount: sum.amount + tax.amount, taxable: sum.taxable + tax.taxable });
  }
  return [...totals.values()];
}

/** The reductions of all lines, one sum per discount. */
function totalDiscounts(lines: ReturnType<typeof currentLine>[]): { amount: number; discount: string }[] {
  const totals = new Map<string, number>();
  for (const { amount, discount } of lines.flatMap((line) => line.discount_amounts)) {
    totals.set(discount, (totals.get(discount) ?? 0) + amount);
  }
  return [...totals].map(([discount, amount]) => ({ amount, discount }));
}

/** An invoice in the current API version. */
export function currentInvoice(spec: InvoiceSpec) {
  const draft = spec.status === "draft";
  const paid = spec.status === "paid";
  const { total, due, ending } = invoiceAmounts(spec);
  const subtotal = spec.lines.reduce((sum, line) => sum + line.amount, 0);
  const lines = spec.lines.map((line) => currentLine(line, spec));
  const discounts = totalDiscounts(lines);
  const taxes = totalTaxes(spec.lines);
  const tax = taxes.reduce((sum, { amount }) => sum + amount, 0);
  const inclusive = taxes.reduce((sum, { amount, behavior }) => sum + (behavior === "inclusive" ? amount : 0), 0);
  const finalizedAt = draft ? null : (spec.finalizedAt ?? spec.created);
  const pages = spec.pages ?? {
    hosted: `https://invoice.stripe.com/i/acct_tollgate/test_${spec.id}`,
    pdf: `https://pay.stripe.com/invoice/acct_tollgate/test_${spec.id}/pdf`,
  };
  return {
    id: spec.id,
    object: "invoice",
    account_country: "US",
    account_name: "Tollgate",
    account_tax_ids: null,
    amount_due: due,
    amount_overpaid: 0,
    amount_paid: paid && !spec.paidOutOfBand ? due : 0,
    amount_remaining: paid ? 0 : due,
    amount_shipping: 0,
    application: null,
    attempt_count: spec.attemptCount ?? 1,
    attempted: (spec.attemptCount ?? 1) > 0,
    auto_advance: spec.autoAdvance ?? (draft || spec.status === "open"),
    automatic_tax: automaticTax(spec),
    automatically_finalizes_at: draft ? (spec.finalizesAt ?? null) : null,
    billing_reason: spec.billingReason,
    collection_method: spec.collectionMethod ?? "charge_automatically",
    created: spec.created,
    currency: stripeCurrency(),
    custom_fields: null,
    customer: spec.customer,
    customer_account: null,
    customer_address: addressOf(spec.country),
    customer_email: spec.email === undefined ? "ada@example.com" : spec.email,
    customer_name: spec.name === undefined ? "Ada Lovelace" : spec.name,
    customer_phone: null,
    customer_shipping: null,
    customer_tax_exempt: "none",
    customer_tax_ids: [],
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: discounts.map(({ discount }) => discount),
    due_date: spec.dueDate ?? null,
    effective_at: finalizedAt,
    ending_balance: draft ? null : ending,
    footer: null,
    from_invoice: null,
    hosted_invoice_url: draft ? null : pages.hosted,
    invoice_pdf: draft ? null : pages.pdf,
    issuer: { type: "self" },
    last_finalization_error: null,
    latest_revision: null,
    lines: embeddedList(lines, `/v1/invoices/${spec.id}/lines`, spec.moreLines),
    livemode: spec.livemode ?? false,
    metadata: {},
    next_payment_attempt: spec.nextPaymentAttempt ?? null,
    number: draft ? null : (spec.number ?? "TOLLGATE-0001"),
    on_behalf_of: null,
    parent: {
      quote_details: null,
      subscription_details: { metadata: spec.metadata ?? {}, subscription: spec.subscription },
      type: "subscription_details",
    },
    payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null },
    period_end: spec.periodEnd,
    period_start: spec.periodStart,
    post_payment_credit_notes_amount: spec.creditNotes?.postPayment ?? 0,
    pre_payment_credit_notes_amount: spec.creditNotes?.prePayment ?? 0,
    receipt_number: null,
    rendering: null,
    shipping_cost: null,
    shipping_details: null,
    starting_balance: spec.startingBalance ?? 0,
    statement_descriptor: null,
    status: spec.status,
    status_transitions: {
      finalized_at: finalizedAt,
      marked_uncollectible_at: spec.uncollectibleAt ?? null,
      paid_at: paid ? (spec.paidAt ?? spec.created) : null,
      voided_at: spec.voidedAt ?? null,
    },
    subtotal,
    subtotal_excluding_tax: subtotal - inclusive,
    test_clock: null,
    total,
    total_discount_amounts: discounts,
    total_excluding_tax: total - tax,
    total_pretax_credit_amounts: discounts.map((discount) => ({ ...discount, type: "discount" as const })),
    total_taxes: taxes.map(taxOf),
    webhooks_delivered_at: spec.created,
  } satisfies WireFormat<Stripe.Invoice> & { lines: UntypedFields };
}

function automaticTax({ automaticTax: enabled = false, country }: InvoiceSpec) {
  if (!enabled) return { disabled_reason: null, enabled, liability: null, provider: null, status: null };
  const status = country ? ("complete" as const) : ("requires_location_inputs" as const);
  return { disabled_reason: null, enabled, liability: { type: "self" as const }, provider: "stripe", status };
}

/** An address with only a country. */
export function addressOf(country: string | null | undefined) {
  if (!country) return null;
  return { city: null, country, line1: null, line2: null, postal_code: null, state: null };
}
