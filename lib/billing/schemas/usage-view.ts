/**
 * What a user sees of their usage: the answer of `GET /api/subscription/usage`, and what the pages render.
 *
 * Instants are ISO strings, since the same shape crosses HTTP and the database; amounts are whole units.
 */
import { z } from "zod";
import { fieldIdSchema, intervalSchema, processorSchema, productIdSchema } from "@/lib/config/schemas";
import { STATUSES, TRANSITION_KINDS } from "../types";

const instant = z.iso.datetime({ offset: true });
const amount = z.number().int();
const productId = productIdSchema;

export const meterViewSchema = z.object({
  field: fieldIdSchema,
  kind: z.enum(["counter", "gauge"]),
  used: amount,
  /** Held for work under way; becomes used, or comes back. */
  reserved: amount,
  /** What an unpaid renewal gave back: held while the payment is open. */
  unpaidHeld: amount,
  limit: amount,
  /** Never below 0; what may still be used now. */
  remaining: amount,
  /** More is used than the limit allows, as after a downgrade. */
  overLimit: z.boolean(),
});
export type MeterView = z.infer<typeof meterViewSchema>;

export const discountViewSchema = z.object({
  /** The processor's id of the coupon (Stripe) or of the discount (Paddle). */
  id: z.string(),
  name: z.string().nullable(),
  /** The promotion code that the customer gave; null if the business granted the discount. */
  code: z.string().nullable(),
  /** An amount is in the currency's minor unit. */
  off: z.union([z.object({ percent: z.number() }), z.object({ amount, currency: z.string() })]),
  /** From this instant on it reduces no charge; null: it does not end by itself. */
  endsAt: instant.nullable(),
});
/** What reduces a subscription's charges, as last known from its processor. */
export type DiscountView = z.infer<typeof discountViewSchema>;

export const subscriptionViewSchema = z.object({
  product: productId,
  plan: z.string(),
  /** `free`: never subscribed. */
  status: z.enum([...STATUSES, "free"]),
  processor: processorSchema.nullable(),
  interval: intervalSchema.nullable(),
  quantity: z.number().int(),
  periodStart: instant.nullable(),
  periodEnd: instant.nullable(),
  windowStart: instant,
  resetsAt: instant.nullable(),
  cancelAt: instant.nullable(),
  scheduledPlan: z.string().nullable(),
  /** Whose limits apply: the plan, or less while an upgrade or a renewal is not paid for. */
  limitPlan: z.string(),
  /** While a payment is open: when the plan falls back to free's limits. */
  graceUntil: instant.nullish(),
  /** Discounts in force. They never change a limit. */
  discounts: z.array(discountViewSchema).optional(),
  meters: z.array(meterViewSchema),
});
export type SubscriptionView = z.infer<typeof subscriptionViewSchema>;

export const entitlementSchema = subscriptionViewSchema
  .pick({
    product: true,
    plan: true,
    limitPlan: true,
    status: true,
    processor: true,
    interval: true,
    quantity: true,
    periodEnd: true,
    cancelAt: true,
    scheduledPlan: true,
  })
  .extend({ limits: z.array(z.object({ field: fieldIdSchema, limit: amount })) });
/** What a user may use of one product, without what they have used. */
export type Entitlement = z.infer<typeof entitlementSchema>;

export const usageViewSchema = z.object({
  userId: z.string(),
  /** The database's clock, with the user's sandbox clock in it: the only "now" a page may count from. */
  now: instant,
  subscriptions: z.array(subscriptionViewSchema),
});
export type UsageView = z.infer<typeof usageViewSchema>;

const standing = z.object({
  plan: z.string(),
  status: z.string(),
  cancelAt: instant.nullable(),
  meters: z.array(meterViewSchema),
});

/** One line of the trail: what an event changed and why. */
export const decisionViewSchema = z.object({
  id: z.union([z.string(), z.number()]).transform(String),
  product: productId,
  at: instant,
  action: z.enum(TRANSITION_KINDS),
  reason: z.string(),
  eventType: z.string(),
  before: standing,
  after: standing,
});
export type DecisionView = z.infer<typeof decisionViewSchema>;

/** The answer to one consumption. */
export const verdictSchema = z.object({
  allowed: z.boolean(),
  field: fieldIdSchema,
  used: amount,
  limit: amount,
  remaining: amount,
  /** null for a gauge: it follows what exists. */
  resetsAt: instant.nullable(),
  plan: z.string(),
  /** Why it was refused. */
  reason: z.enum(["limit_reached", "limit_reached_elsewhere", "payment_pending"]).optional(),
});
export type Verdict = z.infer<typeof verdictSchema>;

/** The answer to a reservation; nothing is held where it was refused. */
export const reservationSchema = verdictSchema.extend({
  reservationId: z.uuid().nullable(),
  expiresAt: instant.nullable(),
  /** For a retry of a reservation that was settled meanwhile: the settled amount. Else null. */
  settled: amount.nullable(),
});
export type Reservation = z.infer<typeof reservationSchema>;

/** The answer to a settling; `allowed` says that all of it was charged. */
export const settlementSchema = verdictSchema.extend({
  reservationId: z.uuid(),
  settled: amount,
  /** What the limit did not allow, beyond what was reserved. */
  unsettled: amount,
  /** The reservation had ended: it was charged as a consumption, all or nothing. */
  expired: z.boolean(),
});
export type Settlement = z.infer<typeof settlementSchema>;

/** What was used on each UTC day, from the ledger; days without use are left out. */
export const usageHistorySchema = z.object({
  userId: z.string(),
  field: fieldIdSchema,
  from: z.iso.date(),
  to: z.iso.date(),
  days: z.array(z.object({ day: z.iso.date(), amount })),
});
export type UsageHistory = z.infer<typeof usageHistorySchema>;
