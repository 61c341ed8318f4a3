import type { ISubscriptionNotificationResponse, SubscriptionStatus as PaddleStatus } from "@paddle/paddle-node-sdk";
import type { Instant } from "@/lib/billing/types";
import { paddleCurrency } from "../currency";
import { EXAMPLE_ADDRESS, INVOICE_TERMS, micros, type PriceSpec, period, priceEntities } from "./price";

/** The input for one item of a subscription. */
export interface ItemSpec {
  price: PriceSpec;
  quantity?: number;
}

/** The input for a subscription; instants in milliseconds. */
export interface SubscriptionSpec {
  id: string;
  customer: string;
  items: readonly ItemSpec[];
  createdAt: Instant;
  updatedAt: Instant;
  /** null if it is paused or canceled. */
  period: { start: Instant; end: Instant } | null;
  status?: PaddleStatus | undefined;
  collectionMode?: "automatic" | "manual" | undefined;
  scheduledChange?:
    | {
        action: "cancel" | "pause" | "resume";
        effectiveAt: Instant;
        /** The end of a pause; absent: none. */
        resumeAt?: Instant | null;
      }
    | null
    | undefined;
  trial?: { start: Instant; end: Instant } | null | undefined;
  pausedAt?: Instant | null | undefined;
  canceledAt?: Instant | null | undefined;
  /** By default the default address. */
  address?: string | undefined;
  /** `custom_data` of the checkout, possibly from the browser. */
  customData?: Record<string, string> | null | undefined;
  /** The recurring discount; `endsAt` null: it recurs forever. */
  discount?: { id: string; startsAt: Instant; endsAt: Instant | null } | null | undefined;
  /** Only `subscription.created` names its transaction. */
  transaction?: string | undefined;
}

/** A subscription as Paddle sends it, with consistent ids. */
export function subscriptionEntity(spec: SubscriptionSpec) {
  const status: PaddleStatus = spec.status ?? "active";
  const [first] = spec.items;
  const runs = status !== "paused" && status !== "canceled";
  const nextBilled = runs && spec.period !== null && !spec.scheduledChange ? micros(spec.period.end) : null;
  const { scheduledChange: change, trial, discount } = spec;
  return {
    id: spec.id,
    items: spec.items.map(({ price, quantity = 1 }) => ({
      ...priceEntities(price),
      status: status === "trialing" ? ("trialing" as const) : runs ? ("active" as const) : ("inactive" as const),
      quantity,
      recurring: true,
      created_at: micros(spec.createdAt),
      updated_at: micros(spec.updatedAt),
      trial_dates: trial ? period(trial.start, trial.end) : null,
      next_billed_at: nextBilled,
      previously_billed_at: spec.period === null ? null : micros(spec.period.start),
    })),
    status,
    discount: discount
      ? {
          id: discount.id,
          starts_at: micros(discount.startsAt),
          ends_at: discount.endsAt === null ? null : micros(discount.endsAt),
        }
      : null,
    paused_at: spec.pausedAt ? micros(spec.pausedAt) : null,
    address_id: spec.address ?? EXAMPLE_ADDRESS,
    created_at: micros(spec.createdAt),
    started_at: micros(spec.createdAt),
    updated_at: micros(spec.updatedAt),
    business_id: null,
    canceled_at: spec.canceledAt ? micros(spec.canceledAt) : null,
    custom_data: spec.customData ?? null,
    customer_id: spec.customer,
    import_meta: null,
    billing_cycle: { interval: first?.price.interval ?? "month", frequency: 1 },
    currency_code: paddleCurrency(),
    next_billed_at: nextBilled,
    ...(spec.transaction ? { transaction_id: spec.transaction } : {}),
    billing_details: spec.collectionMode === "manual" ? INVOICE_TERMS : null,
    collection_mode: spec.collectionMode ?? "automatic",
    first_billed_at: micros(spec.createdAt),
    scheduled_change: change
      ? {
          action: change.action,
          resume_at: change.resumeAt ? micros(change.resumeAt) : null,
          effective_at: micros(change.effectiveAt),
        }
      : null,
    current_billing_period: spec.period === null ? null : period(spec.period.start, spec.period.end),
  } satisfies ISubscriptionNotificationResponse & { transaction_id?: string };
}
