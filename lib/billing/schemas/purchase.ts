/**
 * The responses of the routes for purchases. Instants are ISO strings, and money is in the currency's minor unit.
 */
import { z } from "zod";
import { fieldIdSchema, intervalSchema, processorSchema, productIdSchema } from "@/lib/config/schemas";
import { type Instant, REASONS, TRANSITION_KINDS } from "../types";
import { discountViewSchema } from "./usage-view";

/** An instant as an ISO string. */
export const toIsoInstant = (at: Instant): string => new Date(at).toISOString();

const instant = z.iso.datetime({ offset: true });
const product = productIdSchema;
const interval = intervalSchema;
const processor = processorSchema;
const money = z.object({ amount: z.number().int(), currency: z.string() });
export type MoneyView = z.infer<typeof money>;

/** `POST /api/checkout`: the address of the payment page. The same request again returns the same address. */
export const checkoutViewSchema = z.object({ url: z.string(), checkout: z.uuid() });
export type CheckoutView = z.infer<typeof checkoutViewSchema>;

/**
 * `POST /api/checkout/return`, which asks the processor, and `GET /api/checkout/status?checkout=`, which does not.
 * - `open`: not paid yet
 * - `activating`: paid, and its webhook has not arrived
 * - `active`: the plan applies
 * - `expired`: it cannot be paid any more
 */
export const checkoutStatusViewSchema = z.object({
  checkout: z.uuid(),
  product,
  plan: z.string(),
  interval,
  processor,
  status: z.enum(["open", "activating", "active", "expired"]),
  /** The payment page, while the checkout is open. */
  url: z.string().nullable(),
});
export type CheckoutStatusView = z.infer<typeof checkoutStatusViewSchema>;

const planSelection = z.object({ plan: z.string(), interval: interval.nullable() });

const meterState = z.object({ used: z.number().int(), limit: z.number().int(), remaining: z.number().int() });
const meterChange = z.object({
  field: fieldIdSchema,
  kind: z.enum(["counter", "gauge"]),
  before: meterState,
  after: meterState,
});
export type MeterChange = z.infer<typeof meterChange>;

/** `POST /api/subscription/preview`: the effect of `change` with the same body. It changes nothing. */
export const changePreviewViewSchema = z.object({
  product,
  from: planSelection,
  to: planSelection,
  /** `now`: at once, with a charge; `period_end`: scheduled, and can be withdrawn until then. */
  timing: z.enum(["now", "period_end"]),
  effectiveAt: instant,
  /** Charged at once; null if there is no charge. */
  dueNow: money.nullable(),
  /** The tax in `dueNow`, and the discounts that were deducted before it; null if there is none. */
  tax: money.nullable(),
  discount: money.nullable(),
  /** The discounts that apply to the charges. */
  discounts: z.array(discountViewSchema),
  /** null if there is no further charge. */
  nextCharge: money.extend({ at: instant }).nullable(),
  /**
   * How `dueNow` and later charges are collected: from a card at once, by a debit that takes days, or by an invoice.
   */
  collection: z.enum(["card", "bank_debit", "sent_invoice"]),
  /** Business days that a bank debit takes at most, or days until a sent invoice is due; null if not known. */
  collectionDays: z.number().int().nullable(),
  usage: z.object({
    /** The effect on the usage: it stays counted, a part is carried over, or the counters reset. */
    effect: z.enum(TRANSITION_KINDS),
    reason: z.enum(REASONS),
    explanation: z.string(),
    meters: z.array(meterChange),
    /** When the counters reset next, after the change. */
    resetsAt: instant,
  }),
});
export type ChangePreviewView = z.infer<typeof changePreviewViewSchema>;

/**
 * `POST /api/subscription/change`, `cancel` and `resume`.
 * - `pending`: the processor has accepted it, and its webhook follows
 * - `scheduled`: kept for `effectiveAt`, and shown from now on
 * - `undone`: a scheduled change was withdrawn
 * - `payment_needed`: it takes effect when the payer has paid or confirmed at `url`
 */
export const changeViewSchema = z.object({
  product,
  outcome: z.enum(["pending", "scheduled", "undone", "payment_needed"]),
  plan: z.string(),
  interval: interval.nullable(),
  effectiveAt: instant,
  url: z.string().nullable(),
});
export type ChangeView = z.infer<typeof changeViewSchema>;

export const invoiceViewSchema = z.object({
  id: z.string(),
  processor,
  number: z.string().nullable(),
  at: instant,
  total: money,
  /** The tax in `total`, the discounts deducted before it, and the refunds; null if there is none. */
  tax: money.nullable(),
  discount: money.nullable(),
  refunded: money.nullable(),
  status: z.enum(["paid", "open", "void"]),
  /** The processor's page of the invoice, on which an open one can be paid. */
  url: z.string().nullable(),
  pdf: z.string().nullable(),
});
export type InvoiceView = z.infer<typeof invoiceViewSchema>;

/**
 * `GET /api/invoices`, newest first. `unavailable` names processors that did not answer: their invoices are missing.
 */
export const invoicesViewSchema = z.object({
  invoices: z.array(invoiceViewSchema),
  unavailable: z.array(processor),
});
export type InvoicesView = z.infer<typeof invoicesViewSchema>;
