/** What admins look at and do: events, people, health, and the trail of what was done by hand. */
import { z } from "zod";
import type { ProductId } from "@/lib/billing/catalog";
import type { Instant, Processor, Timeline } from "@/lib/billing/facts";
import { decisionViewSchema, subscriptionViewSchema } from "@/lib/billing/schemas/usage-view";
import { type Call, iso } from "./call";
import { eventState } from "./inbox";
import { timelineDocument } from "./timeline-document";
import { loadedTimeline } from "./timelines";

const instant = z.iso.datetime({ offset: true });
const count = z.number().int();
const processor = z.enum(["stripe", "paddle"]);
const interval = z.enum(["monthly", "yearly"]);

/** Amounts by field. Field names stand in keys, which change on the way: they are changed back. */
const amounts = z
  .record(z.string(), count)
  .transform((named) =>
    Object.fromEntries(
      Object.entries(named).map(([key, value]) => [
        key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
        value,
      ]),
    ),
  );

const decisionLine = decisionViewSchema.extend({
  processor,
  eventId: z.string(),
  analysis: z.object({ hasPeriodChange: z.boolean(), hasPlanChange: z.boolean() }).nullable(),
  flags: z.array(z.object({ kind: z.string() })),
  before: subscriptionViewSchema,
  after: subscriptionViewSchema,
});
/** A decision with the whole standing before and after it. */
export type DecisionLine = z.infer<typeof decisionLine>;

const eventLine = eventState.extend({
  processor,
  id: z.string(),
  type: z.string(),
  receivedAt: instant,
  occurredAt: instant.nullable(),
  processedAt: instant.nullable(),
  nextAttemptAt: instant.nullable(),
  deliveries: count,
  attempts: count,
  lastError: z.string().nullable(),
  userId: z.string().nullable(),
  hintUserId: z.string().nullable(),
  customerId: z.string().nullable(),
  subscriptionId: z.string().nullable(),
});
/** A webhook event in a list. */
export type EventLine = z.infer<typeof eventLine>;

const eventCursor = z.object({ at: z.string(), processor: z.string(), id: z.string() });
export type EventCursor = z.infer<typeof eventCursor>;

const eventStory = eventLine.extend({
  /** null where it cannot be kept as `jsonb`; the raw bytes are kept in any case. */
  payload: z
    .string()
    .transform((text) => JSON.parse(text) as Record<string, unknown>)
    .nullable(),
  bytes: count,
  livemode: z.boolean().nullable(),
  decisions: z.array(decisionLine),
  facts: z.array(z.object({ product: z.string(), body: z.looseObject({ kind: z.string() }) })),
  notes: z.array(
    z.object({
      kind: z.string(),
      amount: count.nullable(),
      currency: z.string().nullable(),
      detail: z.string().nullable(),
    }),
  ),
});
export type EventStory = z.infer<typeof eventStory>;

const person = z.object({
  userId: z.string(),
  email: z.string().nullable(),
  name: z.string().nullable(),
  createdAt: instant,
});

const windowLine = z.object({
  product: z.string(),
  source: z.string(),
  openedAt: instant,
  windowStart: instant,
  windowEnd: instant,
  opensBy: z.enum(["reset", "carry_over", "preserve"]),
  reason: z.string(),
  opening: amounts,
  forgiven: amounts.nullable(),
  unpaidHeld: amounts.nullable(),
});
export type WindowLine = z.infer<typeof windowLine>;

const userStory = person.extend({
  decisions: z.array(decisionLine),
  windows: z.array(windowLine),
  periods: z.array(
    z.object({
      product: z.string(),
      source: z.string(),
      start: instant,
      end: instant,
      plan: z.string(),
      interval,
      trial: z.boolean(),
      paid: z.boolean(),
      paidInMoney: z.boolean(),
    }),
  ),
  overrides: z.array(
    z.object({
      field: z.string(),
      limit: count,
      /** null: for good. */
      expiresAt: instant.nullable(),
      grantedBy: z.string(),
      reason: z.string().nullable(),
      createdAt: instant,
    }),
  ),
  links: z.array(z.object({ processor, kind: z.string(), externalId: z.string(), source: z.string() })),
  notes: z.array(
    z.object({
      kind: z.string(),
      processor: z.string(),
      eventId: z.string(),
      amount: count.nullable(),
      currency: z.string().nullable(),
      detail: z.string().nullable(),
      at: instant,
    }),
  ),
});
export type UserStory = z.infer<typeof userStory>;

const act = z.object({
  id: count,
  at: instant,
  actor: z.string(),
  act: z.string(),
  userId: z.string().nullable(),
  details: z.record(z.string(), z.unknown()),
});
export type AdminAct = z.infer<typeof act>;

const liveSubscription = z.object({
  userId: z.string(),
  product: z.string(),
  processor,
  subscription: z.string(),
  plan: z.string().nullable(),
  interval: interval.nullable(),
  quantity: count,
  status: z.string(),
  periodStart: instant.nullable(),
  periodEnd: instant.nullable(),
  cancelAt: instant.nullable(),
  updatedAt: instant,
});
/** A processor subscription that has not ended, as last known here. */
export type LiveSubscription = z.infer<typeof liveSubscription>;

const subscriptionCursor = z.tuple([z.string(), z.string(), z.string()]);
export type SubscriptionCursor = z.infer<typeof subscriptionCursor>;

const health = z.object({
  now: instant,
  hours: count,
  users: count,
  plans: z.array(z.object({ product: z.string(), plan: z.string(), users: count })),
  nearLimits: count,
  nearest: z.array(z.object({ userId: z.string(), product: z.string(), field: z.string(), used: count, limit: count })),
  payments: z.object({ failed: count, recovered: count, open: count }),
  decisions: z.array(z.object({ action: z.string(), reason: z.string(), count })),
  webhooks: z.array(
    z.object({
      processor,
      outcome: z.string(),
      count,
      medianMs: count.nullable(),
      p95Ms: count.nullable(),
    }),
  ),
  lastWebhooks: z.record(z.string(), instant.nullable()),
  waiting: z.object({ undecided: count, deferred: count, quarantined: count, dead: count }),
  renewalsOverdue: count,
  flags: z.array(
    z.object({
      userId: z.string(),
      product: z.string(),
      eventId: z.string(),
      processor: z.string(),
      at: instant,
      flag: z.string(),
    }),
  ),
  jobs: z.array(
    z.object({
      job: z.string(),
      startedAt: instant,
      finishedAt: instant.nullable(),
      by: z.string(),
      result: z.record(z.string(), z.unknown()).nullable(),
      error: z.string().nullable(),
    }),
  ),
});
export type ServiceHealth = z.infer<typeof health>;

export interface EventFilter {
  processor?: Processor | undefined;
  /** The type's beginning: `invoice` finds all of `invoice.…`. */
  type?: string | undefined;
  /** An outcome; `undecided`; `waiting`: undecided, deferred, quarantined and dead. */
  outcome?: string | undefined;
  userId?: string | undefined;
  id?: string | undefined;
  /** By arrival. */
  from?: Instant | undefined;
  to?: Instant | undefined;
}

export interface PeopleFilter {
  search?: string | undefined;
  product?: string | undefined;
  plan?: string | undefined;
  status?: string | undefined;
}

export function adminMethods(call: Call) {
  return {
    recordAdminAct: (actor: string, name: string, userId: string | null, details: Record<string, unknown>) =>
      call(z.object({ id: count, at: instant }), "record_admin_act", {
        p_actor: actor,
        p_act: name,
        p_user_id: userId,
        p_details: details,
      }),

    /** The latest first; `userId` null: about anybody. */
    adminActs: (userId: string | null, limit: number) =>
      call(z.array(act), "list_admin_acts", { p_user_id: userId, p_limit: limit }),

    /** Newest first; `after` is the `next` of the page before. */
    webhookEvents: ({ userId, from, to, ...filter }: EventFilter, after: EventCursor | null, limit: number) =>
      call(z.object({ events: z.array(eventLine), next: eventCursor.nullable() }), "list_webhook_events", {
        p_filter: { ...filter, user_id: userId, from: iso(from ?? null), to: iso(to ?? null) },
        p_after: after,
        p_limit: limit,
      }),

    webhookEventStory: (of: Processor, id: string) =>
      call(eventStory, "webhook_event_story", { p_processor: of, p_id: id }),

    people: (filter: PeopleFilter, after: string, limit: number) =>
      call(
        z.object({
          people: z.array(person.extend({ subscriptions: z.array(subscriptionViewSchema) })),
          next: z.string().nullable(),
        }),
        "list_people",
        { p_filter: filter, p_after: after, p_limit: limit },
      ),

    userStory: (userId: string, decisions: number) =>
      call(userStory, "user_story", { p_user_id: userId, p_decisions: decisions }),

    serviceHealth: (hours: number) => call(health, "service_health", { p_hours: hours }),

    /** A page of what has not ended; of one user only, where one is named. */
    liveSubscriptions: (after: SubscriptionCursor, limit: number, userId: string | null) =>
      call(
        z.object({ subscriptions: z.array(liveSubscription), next: subscriptionCursor.nullable() }),
        "live_subscriptions",
        { p_after: after, p_limit: limit, p_user_id: userId },
      ),

    /** The facts, and how the row stands now; leaves nothing behind, also for somebody whom nobody has seen. */
    peekTimeline: (userId: string, product: ProductId) =>
      call(loadedTimeline.extend({ now: instant, view: subscriptionViewSchema }), "peek_subscription", {
        p_user_id: userId,
        p_product: product,
      }),

    /** How the row would stand if this were the timeline; changes nothing. */
    peekSubscription: (userId: string, product: ProductId, timeline: Timeline) =>
      call(z.object({ now: instant, view: subscriptionViewSchema }), "peek_subscription", {
        p_user_id: userId,
        p_product: product,
        p_timeline: timelineDocument(timeline),
      }),

    /**
     * Begins a round of a job; null where another is under way, or began within `notWithinSeconds`. After
     * `leaseSeconds` a round that was never ended counts as killed.
     */
    beginJob: (job: string, by: string, leaseSeconds: number, notWithinSeconds: number) =>
      call(count.nullable(), "begin_job", {
        p_job: job,
        p_by: by,
        p_lease_seconds: leaseSeconds,
        p_not_within_seconds: notWithinSeconds,
      }),

    finishJob: (job: string, runId: number, result: object | null, error: string | null) =>
      call(z.object({ finished: z.literal(true) }).nullable(), "finish_job", {
        p_job: job,
        p_run_id: runId,
        p_result: result,
        p_error: error,
      }),

    checkFunctions: () =>
      call(
        z.array(
          z.object({ name: z.string(), exists: z.boolean(), answers: z.boolean(), error: z.string().nullable() }),
        ),
        "check_functions",
        {},
      ),
  };
}
