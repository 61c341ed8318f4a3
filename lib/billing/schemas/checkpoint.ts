/**
 * The stored form of a checkpoint: the state of a user's fold at one instant, from which the fold continues. Its size
 * depends on the number of subscriptions and not on the length of their histories.
 */
import { z } from "zod";
import { CADENCES, INTERVALS, PROCESSORS } from "@/lib/config/terms";
import { EFFECTS } from "../timeline/transition-rules";
import { PAYMENT_OUTCOMES, PAYMENT_PURPOSES, REASONS, STATUSES } from "../types";

/** Milliseconds since 1970 in UTC. */
const instant = z.number().int();
const processor = z.enum(PROCESSORS);
const interval = z.enum(INTERVALS);
const status = z.enum(STATUSES);
const item = z.object({ id: z.string().nullable(), product: z.string().nullable(), price: z.string().nullable() });

const discount = z.object({
  key: z.string(),
  terms: z
    .object({
      id: z.string(),
      name: z.string().nullable(),
      code: z.string().nullable(),
      off: z.union([z.object({ percent: z.number() }), z.object({ amount: z.number(), currency: z.string() })]),
    })
    .nullable(),
  endsAt: instant.nullable(),
});

const record = z.object({
  processor,
  subscription: z.string(),
  plan: z.string().nullable(),
  interval: interval.nullable(),
  quantity: z.number(),
  status,
  periodStart: instant.nullable(),
  periodEnd: instant.nullable(),
  cancelAt: instant.nullable(),
  trialEnd: instant.nullable(),
  collectionPaused: z.boolean(),
  collectionWaived: z.exactOptional(z.boolean()),
  selfStarted: z.exactOptional(z.boolean()),
  sentInvoice: z.exactOptional(z.boolean()),
  twoPlanItems: z.exactOptional(z.boolean()),
  item: z.exactOptional(item.nullable()),
  updatedAt: instant,
  endedAt: instant.nullable(),
  absent: z.boolean(),
  unlisted: z.boolean(),
  pastDueSince: instant.nullable(),
  scheduled: z.object({ plan: z.string(), interval }).nullable(),
  retainedPlan: z.string().nullable(),
});

/** The part of a period that later facts may change, with its payments. */
const outcome = {
  starts: z.tuple([instant], instant),
  end: instant,
  interval,
  presumedPaid: z.boolean(),
  paid: z.boolean(),
  paidByPayment: z.boolean(),
  paidInFull: z.boolean(),
  chargeFailed: z.boolean(),
};

const period = z.object({
  ...outcome,
  plan: z.string(),
  trial: z.boolean(),
  selfStarted: z.boolean(),
  activated: z.object({ at: instant, fromIncomplete: z.boolean() }).nullable(),
  effect: z.enum(EFFECTS),
  reason: z.enum(REASONS),
});

const change = z.object({
  from: instant,
  plan: z.string(),
  status,
  interval: interval.nullable(),
  quantity: z.number(),
  collectionPaused: z.boolean(),
  pastDueSince: instant.nullable(),
  planSince: instant,
  period: z.number().int(),
});

const confirmation = z.object({ at: instant, plan: z.string(), byPayment: z.boolean() });

const earlier = z.object({
  firstStart: instant.nullable(),
  firstTrial: instant.nullable(),
  unpaid: z.boolean(),
  debts: z.array(z.object({ since: instant, failedAt: instant, until: instant.nullable() })),
  presumed: z.array(confirmation),
  paid: z.array(confirmation),
  charges: z.array(
    z.object({
      at: instant,
      outcome: z.enum(PAYMENT_OUTCOMES),
      purpose: z.enum(PAYMENT_PURPOSES),
      periodStart: instant.nullable(),
      plan: z.string().nullable(),
      interval: interval.nullable(),
      paidInFull: z.boolean(),
    }),
  ),
});

const subscription = z.object({
  processor,
  subscription: z.string(),
  record: record.nullable(),
  /** The last period, as the facts before the cut leave it; null if none has opened. */
  period: period.nullable(),
  /** The same period with all facts. A later fact that changes it reaches before the cut. */
  outcome: z.object(outcome).nullable(),
  changes: z.array(change),
  failures: z.array(z.object({ at: instant, plan: z.string().nullable(), interval: interval.nullable() })),
  items: z.array(item),
  addOns: z.array(item),
  earlier,
  /** A payment's plan was searched among unlisted prices: a new item could change the result. */
  unlistedCharges: z.boolean(),
  /** All discounts that facts have named, by key, and the keys of those that are present. */
  discounts: z.object({ known: z.array(discount), present: z.array(z.string()) }),
});
export type SubscriptionCheckpoint = z.infer<typeof subscription>;

const entitlementPeriod = z.object({
  start: instant,
  end: instant.nullable(),
  source: z.union([z.literal("free"), z.templateLiteral([processor, ":", z.string()])]),
  plan: z.string(),
  limitPlan: z.string(),
  status: status.nullable(),
  processor: processor.nullable(),
  subscription: z.string().nullable(),
  interval: interval.nullable(),
  quantity: z.number(),
  periodStart: instant.nullable(),
  periodEnd: instant.nullable(),
  cadence: z.enum(CADENCES),
  anchor: instant,
  withheld: z.boolean(),
});

export const checkpointSchema = z.object({
  /** The version of the fold's rules. */
  version: z.number().int(),
  /** The product's configuration as the fold reads it. */
  configuration: z.string(),
  freeAnchor: instant,
  /** The checkpoint contains the facts before this instant. */
  cut: instant,
  /** The latest instant before the cut that an event is about. */
  asOf: instant,
  /** The last entitlement period that began before the cut. */
  entitlementPeriod,
  subscriptions: z.array(subscription),
});
/** The state of the fold of one user and product after all facts before its cut. */
export type Checkpoint = z.infer<typeof checkpointSchema>;
