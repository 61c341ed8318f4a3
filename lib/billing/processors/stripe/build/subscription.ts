import type { Status } from "@/lib/billing/facts";
import { type PriceSpec, planObject, priceObject, type StripeObject } from "./price";
import { places, type Shape } from "./shapes";

/** One item of a subscription to build. */
export interface ItemSpec {
  id: string;
  price: PriceSpec;
  quantity?: number;
}

/** A subscription to build; instants in Stripe's unit, seconds since 1970. */
export interface SubscriptionSpec {
  id: string;
  customer: string;
  items: readonly ItemSpec[];
  created: number;
  periodStart: number;
  periodEnd: number;
  status?: Status;
  /** Moves when the billing cycle restarts; by default the creation. */
  billingCycleAnchor?: number;
  cancelAtPeriodEnd?: boolean;
  canceledAt?: number | null;
  cancellationReason?: "cancellation_requested" | "payment_failed" | "payment_disputed" | null;
  endedAt?: number | null;
  trialStart?: number | null;
  trialEnd?: number | null;
  pauseCollection?: { behavior: "keep_as_draft" | "mark_uncollectible" | "void"; resumes_at: number | null } | null;
  latestInvoice?: string | null;
  /** Our own server writes `user_id` here. */
  metadata?: Record<string, string>;
  livemode?: boolean;
}

/** A subscription as Stripe sends it in the shape; complete where it matters, with ids that fit each other. */
export function subscriptionObject(spec: SubscriptionSpec, shape: Shape): StripeObject {
  const livemode = spec.livemode ?? false;
  const only = spec.items.length === 1 ? spec.items[0] : undefined;
  return {
    id: spec.id,
    object: "subscription",
    application: null,
    application_fee_percent: null,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    billing_cycle_anchor: spec.billingCycleAnchor ?? spec.created,
    billing_thresholds: null,
    cancel_at: spec.cancelAtPeriodEnd ? spec.periodEnd : null,
    cancel_at_period_end: spec.cancelAtPeriodEnd ?? false,
    canceled_at: spec.canceledAt ?? null,
    cancellation_details: { comment: null, feedback: null, reason: spec.cancellationReason ?? null },
    collection_method: "charge_automatically",
    created: spec.created,
    currency: "usd",
    ...(places(shape).old ? { current_period_end: spec.periodEnd, current_period_start: spec.periodStart } : {}),
    customer: spec.customer,
    days_until_due: null,
    default_payment_method: "pm_1TollgateCardVisa4242",
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    ended_at: spec.endedAt ?? null,
    invoice_settings: { account_tax_ids: null, issuer: { type: "self" } },
    items: {
      object: "list",
      data: spec.items.map((item) => itemObject(item, spec, shape)),
      has_more: false,
      total_count: spec.items.length,
      url: `/v1/subscription_items?subscription=${spec.id}`,
    },
    latest_invoice: spec.latestInvoice ?? null,
    livemode,
    metadata: spec.metadata ?? {},
    next_pending_invoice_item_invoice: null,
    on_behalf_of: null,
    pause_collection: spec.pauseCollection ?? null,
    payment_settings: {
      payment_method_options: null,
      payment_method_types: null,
      save_default_payment_method: "on_subscription",
    },
    pending_invoice_item_interval: null,
    pending_setup_intent: null,
    pending_update: null,
    plan: only ? planObject(only.price, livemode) : null,
    quantity: only ? (only.quantity ?? 1) : null,
    schedule: null,
    start_date: spec.created,
    status: spec.status ?? "active",
    test_clock: null,
    transfer_data: null,
    trial_end: spec.trialEnd ?? null,
    trial_settings: { end_behavior: { missing_payment_method: "create_invoice" } },
    trial_start: spec.trialStart ?? null,
  };
}

function itemObject(item: ItemSpec, spec: SubscriptionSpec, shape: Shape): StripeObject {
  const livemode = spec.livemode ?? false;
  return {
    id: item.id,
    object: "subscription_item",
    billing_thresholds: null,
    created: spec.created,
    ...(places(shape).today ? { current_period_end: spec.periodEnd, current_period_start: spec.periodStart } : {}),
    discounts: [],
    metadata: {},
    plan: planObject(item.price, livemode),
    price: priceObject(item.price, livemode),
    quantity: item.quantity ?? 1,
    subscription: spec.id,
    tax_rates: [],
  };
}
