import type Stripe from "stripe";
import type { Status } from "@/lib/billing/types";
import { stripeCurrency } from "../currency";
import { embeddedList } from "./list";
import { type PriceSpec, planObject, priceObject, type StripeObject } from "./price";
import type { Shape } from "./shapes";
import type { UntypedFields, WireFormat } from "./wire-format";

/** The input for one item of a subscription. */
export interface ItemSpec {
  id: string;
  price: PriceSpec;
  quantity?: number;
}

/** A change that waits for its payment. */
export interface PendingUpdateSpec {
  expiresAt: number;
  items: readonly ItemSpec[];
  billingCycleAnchor: number | null;
  cancelAtPeriodEnd?: boolean | null;
  metadata?: Record<string, string> | null | undefined;
}

/** The input for a subscription; instants in seconds since 1970. */
export interface SubscriptionSpec {
  id: string;
  customer: string;
  items: readonly ItemSpec[];
  /** More items exist than those given. In any case, an object contains the first ten only. */
  moreItems?: boolean;
  collectionMethod?: "charge_automatically" | "send_invoice";
  /** Days until a sent invoice is due; by default 30. */
  daysUntilDue?: number | null;
  created: number;
  periodStart: number;
  periodEnd: number;
  status?: Status | undefined;
  /** Changes when the billing cycle restarts; by default the creation. */
  billingCycleAnchor?: number;
  /** By default classic, as subscriptions of 2025 and before are. */
  billingMode?: { type: "classic" } | { type: "flexible"; prorationDiscounts: "included" | "itemized" };
  cancelAtPeriodEnd?: boolean;
  /** When and why it paused; null or absent if it is not paused. */
  paused?: { at: number; why: "trial_end_without_payment_method" } | null;
  /** A scheduled end; with `cancelAtPeriodEnd` it is the period's end. */
  cancelAt?: number | null;
  canceledAt?: number | null;
  cancellationReason?: "cancellation_requested" | "payment_failed" | "payment_disputed" | null;
  endedAt?: number | null;
  trialStart?: number | null;
  trialEnd?: number | null;
  /** The action if a trial ends without a card. */
  missingPaymentMethod?: "cancel" | "create_invoice" | "pause" | undefined;
  pauseCollection?: { behavior: "keep_as_draft" | "mark_uncollectible" | "void"; resumes_at: number | null } | null;
  latestInvoice?: string | null;
  defaultPaymentMethod?: string | null;
  pendingUpdate?: PendingUpdateSpec | null;
  /** The ids of its discounts. */
  discounts?: readonly string[];
  /** Stripe computes the taxes of its invoices. */
  automaticTax?: boolean;
  schedule?: string | null;
  /** Our server writes `user_id` here. */
  metadata?: Record<string, string> | undefined;
  livemode?: boolean;
}

/** A subscription as Stripe sends it in the shape, with consistent ids. */
export function subscriptionObject(spec: SubscriptionSpec, shape: Shape): StripeObject {
  const current = currentSubscription(spec);
  if (shape === "basil") return current;
  const {
    billing_cycle_anchor_config,
    billing_mode,
    billing_schedules,
    customer_account,
    managed_payments,
    status_details,
    ...old
  } = current;
  const { feedback_option, ...cancellation_details } = current.cancellation_details;
  return {
    ...old,
    cancellation_details,
    current_period_end: spec.periodEnd,
    current_period_start: spec.periodStart,
    invoice_settings: { account_tax_ids: null, issuer: { type: "self" } },
    items: { ...current.items, data: current.items.data.map((item) => oldItem(item, shape)) },
    trial_settings: { end_behavior: { missing_payment_method: "create_invoice" } },
  };
}

/** A subscription in the current API version. */
export function currentSubscription(spec: SubscriptionSpec) {
  const livemode = spec.livemode ?? false;
  const only = spec.items.length === 1 ? spec.items[0] : undefined;
  return {
    id: spec.id,
    object: "subscription",
    application: null,
    application_fee_percent: null,
    automatic_tax: {
      disabled_reason: null,
      enabled: spec.automaticTax ?? false,
      liability: spec.automaticTax ? { type: "self" } : null,
    },
    billing_cycle_anchor: spec.billingCycleAnchor ?? spec.created,
    billing_cycle_anchor_config: null,
    billing_mode: billingMode(spec),
    billing_schedules: [],
    billing_thresholds: null,
    cancel_at: spec.cancelAtPeriodEnd ? spec.periodEnd : (spec.cancelAt ?? null),
    cancel_at_period_end: spec.cancelAtPeriodEnd ?? false,
    canceled_at: spec.canceledAt ?? null,
    cancellation_details: {
      comment: null,
      feedback: null,
      feedback_option: null,
      reason: spec.cancellationReason ?? null,
    },
    collection_method: spec.collectionMethod ?? "charge_automatically",
    created: spec.created,
    currency: stripeCurrency(),
    customer: spec.customer,
    customer_account: null,
    days_until_due: spec.collectionMethod === "send_invoice" ? (spec.daysUntilDue ?? 30) : null,
    default_payment_method: spec.defaultPaymentMethod === undefined ? CARD : spec.defaultPaymentMethod,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: [...(spec.discounts ?? [])],
    ended_at: spec.endedAt ?? null,
    invoice_settings: {
      account_tax_ids: null,
      custom_fields: null,
      description: null,
      footer: null,
      issuer: { type: "self" },
    },
    items: embeddedList(
      spec.items.map((item) => currentItem(item, spec)),
      `/v1/subscription_items?subscription=${spec.id}`,
      spec.moreItems,
    ),
    latest_invoice: spec.latestInvoice ?? null,
    livemode,
    managed_payments: { enabled: false },
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
    pending_update: spec.pendingUpdate ? pendingUpdate(spec.pendingUpdate, spec) : null,
    plan: only ? planObject(only.price, livemode) : null,
    quantity: only ? (only.quantity ?? 1) : null,
    schedule: spec.schedule ?? null,
    start_date: spec.created,
    status: spec.status ?? "active",
    ...(spec.paused && {
      status_details: {
        paused: {
          subscription: { type: spec.paused.why },
          transitioned_at: spec.paused.at,
          type: "subscription" as const,
        },
      },
    }),
    test_clock: null,
    transfer_data: null,
    trial_end: spec.trialEnd ?? null,
    trial_settings: {
      end_behavior: {
        billing_cycle_anchor: null,
        missing_payment_method: spec.missingPaymentMethod ?? "create_invoice",
      },
    },
    trial_start: spec.trialStart ?? null,
  } satisfies WireFormat<Stripe.Subscription> & { items: UntypedFields; plan: unknown; quantity: number | null };
}

export function billingMode({ billingMode: mode = { type: "classic" } }: Pick<SubscriptionSpec, "billingMode">) {
  if (mode.type === "classic") return { flexible: null, type: mode.type };
  return { flexible: { proration_discounts: mode.prorationDiscounts }, type: mode.type };
}

const CARD = "pm_1TollgateCardVisa4242";

/** One item in the current API version. */
export function currentItem(item: ItemSpec, spec: SubscriptionSpec) {
  const livemode = spec.livemode ?? false;
  return {
    id: item.id,
    object: "subscription_item",
    billing_thresholds: null,
    created: spec.created,
    current_period_end: spec.periodEnd,
    current_period_start: spec.periodStart,
    current_trial: null,
    discounts: [],
    metadata: {},
    plan: planObject(item.price, livemode),
    price: priceObject(item.price, livemode),
    quantity: item.quantity ?? 1,
    subscription: spec.id,
    tax_rates: [],
  } satisfies WireFormat<Stripe.SubscriptionItem>;
}

/** `legacy` has the period in both places, `pre_basil` on the subscription only. */
function oldItem(item: ReturnType<typeof currentItem>, shape: Shape): StripeObject {
  const { current_trial, ...both } = item;
  if (shape === "legacy") return both;
  const { current_period_end, current_period_start, ...old } = both;
  return old;
}

function pendingUpdate(update: PendingUpdateSpec, spec: SubscriptionSpec) {
  const { expiresAt, items, billingCycleAnchor, cancelAtPeriodEnd = null, metadata = null } = update;
  return {
    billing_cycle_anchor: billingCycleAnchor,
    cancel_at_period_end: cancelAtPeriodEnd,
    discount: null,
    discounts: null,
    expires_at: expiresAt,
    metadata,
    subscription_items: items.map((item) => currentItem(item, spec)),
    trial_end: null,
    trial_from_plan: null,
  };
}
