/**
 * The answers of the routes about purchases, for those who render them. Instants are ISO strings, money is in the
 * currency's minor unit.
 */
import { z } from "zod";
import { fieldIdSchema, intervalSchema, processorSchema, productIdSchema } from "@/lib/config/schemas";
import { type Instant, REASONS, TRANSITION_KINDS } from "../types";
import { discountViewSchema } from "./usage-view";

/** An instant as these answers write it. */
export const written = (at: Instant): string => new Date(at).toISOString();

const instant = z.iso.datetime({ offset: true });
const product = productIdSchema;
const interval = intervalSchema;
const processor = processorSchema;
const money = z.object({ amount: z.number().int(), currency: z.string() });
export type MoneyView = z.infer<typeof money>;

/** `POST /api/checkout`: where to pay. The same choice again gives the same address. */
export const checkoutViewSchema = z.object({ url: z.string(), checkout: z.uuid() });
export type CheckoutView = z.infer<typeof checkoutViewSchema>;

/**
 * `POST /api/checkout/return` (asks the processor) and `GET /api/checkout/status?checkout=` (asks nobody):
 * `open`: not paid yet · `activating`: paid, its news is on the way · `active`: the plan is here · `expired`: it cannot be
 * paid any more.
 */
export const checkoutStatusViewSchema = z.object({
  checkout: z.uuid(),
  product,
  plan: z.string(),
  interval,
  processor,
  status: z.enum(["open", "activating", "active", "expired"]),
  /** Where it can be paid, while it is open. */
  url: z.string().nullable(),
});
export type CheckoutStatusView = z.infer<typeof checkoutStatusViewSchema>;

const chosen = z.object({ plan: z.string(), interval: interval.nullable() });

const meterChange = z.object({
  field: fieldIdSchema,
  kind: z.enum(["counter", "gauge"]),
  before: z.object({ used: z.number().int(), limit: z.number().int(), remaining: z.number().int() }),
  after: z.object({ used: z.number().int(), limit: z.number().int(), remaining: z.number().int() }),
});
export type MeterChange = z.infer<typeof meterChange>;

/** `POST /api/subscription/preview`: what `change` with the same body would do, before anything happens. */
export const changePreviewViewSchema = z.object({
  product,
  from: chosen,
  to: chosen,
  /** `now`, with a charge; or kept for the period's end, and undoable until then. */
  timing: z.enum(["now", "period_end"]),
  effectiveAt: instant,
  /** Charged at once; null where nothing is. */
  dueNow: money.nullable(),
  /** The tax in `dueNow`, and what discounts took off before it; null if there is none. */
  tax: money.nullable(),
  discount: money.nullable(),
  /** The discounts that the charges have. */
  discounts: z.array(discountViewSchema),
  /** null where nothing will be charged any more. */
  nextCharge: money.extend({ at: instant }).nullable(),
  /** How `dueNow` and later charges are collected: from a card at once, by a debit that takes days, or by an invoice. */
  collection: z.enum(["card", "bank_debit", "sent_invoice"]),
  /** Business days that a bank debit takes at most, or days until a sent invoice is due; null if not known. */
  collectionDays: z.number().int().nullable(),
  usage: z.object({
    /** What becomes of what was used: it stays counted, a part is carried over, or counting begins anew. */
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
 * `pending`: asked for at the processor, its webhook brings it in a moment · `scheduled`: kept for `effectiveAt`, and shown
 * already · `undone`: what was kept for later is taken back · `payment_needed`: nothing has changed until the payer has
 * paid, or confirmed, at `url`.
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
  /** The tax in `total`, what discounts took off before it, and what was paid back; null if there is none. */
  tax: money.nullable(),
  discount: money.nullable(),
  refunded: money.nullable(),
  status: z.enum(["paid", "open", "void"]),
  /** The processor's page of it, where an open one can be paid. */
  url: z.string().nullable(),
  pdf: z.string().nullable(),
});
export type InvoiceView = z.infer<typeof invoiceViewSchema>;

/** `GET /api/invoices`, newest first. `unavailable` names processors that did not answer: their invoices are missing. */
export const invoicesViewSchema = z.object({
  invoices: z.array(invoiceViewSchema),
  unavailable: z.array(processor),
});
export type InvoicesView = z.infer<typeof invoicesViewSchema>;
