/**
 * A user's usage: the response of `GET /api/subscription/usage`, which the pages render too.
 *
 * Instants are ISO strings, because HTTP and the database use the same shape. Amounts are whole units.
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
  /** Reserved for work that is not settled yet: it becomes used or is released. */
  reserved: amount,
  /** Quota that an unpaid renewal credited: withheld while the payment is open. */
  unpaidHeld: amount,
  limit: amount,
  /** The amount that can still be used now; never below 0. */
  remaining: amount,
  /** The usage is above the limit, for example after a downgrade. */
  overLimit: z.boolean(),
});
export type MeterView = z.infer<typeof meterViewSchema>;

export const discountViewSchema = z.object({
  /** The processor's id of the coupon (Stripe) or of the discount (Paddle). */
  id: z.string(),
  name: z.string().nullable(),
  /** The promotion code that the customer entered; null if the merchant granted the discount. */
  code: z.string().nullable(),
  /** An amount is in the currency's minor unit. */
  off: z.union([z.object({ percent: z.number() }), z.object({ amount, currency: z.string() })]),
  /** The end of the reduction; null: no end is set. */
  endsAt: instant.nullable(),
});
/** A discount of a subscription, as last known from its processor. */
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
  /** The plan whose limits apply: `plan`, or a lower one while an upgrade or a renewal is unpaid. */
  limitPlan: z.string(),
  /** While a payment is open: when the limits of the free plan begin to apply. */
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
/** A user's plan and limits for one product, without usage. */
export type Entitlement = z.infer<typeof entitlementSchema>;

export const usageViewSchema = z.object({
  userId: z.string(),
  /** The database's clock, or the user's sandbox clock. Pages count from it and never from the browser's clock. */
  now: instant,
  subscriptions: z.array(subscriptionViewSchema),
});
export type UsageView = z.infer<typeof usageViewSchema>;

const usageState = z.object({
  plan: z.string(),
  status: z.string(),
  cancelAt: instant.nullable(),
  meters: z.array(meterViewSchema),
});

/** One entry of the activity: the change that an event made, and its reason. */
export const decisionViewSchema = z.object({
  id: z.union([z.string(), z.number()]).transform(String),
  product: productId,
  at: instant,
  action: z.enum(TRANSITION_KINDS),
  reason: z.string(),
  eventType: z.string(),
  before: usageState,
  after: usageState,
});
export type DecisionView = z.infer<typeof decisionViewSchema>;

/** The answer to one consumption. */
export const verdictSchema = z.object({
  allowed: z.boolean(),
  field: fieldIdSchema,
  used: amount,
  limit: amount,
  remaining: amount,
  /** null for a gauge, which never resets. */
  resetsAt: instant.nullable(),
  plan: z.string(),
  /** Why it was denied. */
  reason: z.enum(["limit_reached", "limit_reached_elsewhere", "payment_pending"]).optional(),
});
export type Verdict = z.infer<typeof verdictSchema>;

/** The answer to a reservation. A denied one reserves nothing. */
export const reservationSchema = verdictSchema.extend({
  reservationId: z.uuid().nullable(),
  expiresAt: instant.nullable(),
  /** The settled amount, for a retry of a reservation that was settled meanwhile; else null. */
  settled: amount.nullable(),
});
export type Reservation = z.infer<typeof reservationSchema>;

/** The answer to a settlement; `allowed` is true if the whole amount was charged. */
export const settlementSchema = verdictSchema.extend({
  reservationId: z.uuid(),
  settled: amount,
  /** The amount above the reservation that the limit did not allow. */
  unsettled: amount,
  /** The reservation had expired: the amount was charged like a consumption, all or nothing. */
  expired: z.boolean(),
});
export type Settlement = z.infer<typeof settlementSchema>;

/** The usage of each UTC day, from the ledger. Days without usage are omitted. */
export const usageHistorySchema = z.object({
  userId: z.string(),
  field: fieldIdSchema,
  from: z.iso.date(),
  to: z.iso.date(),
  days: z.array(z.object({ day: z.iso.date(), amount })),
});
export type UsageHistory = z.infer<typeof usageHistorySchema>;
