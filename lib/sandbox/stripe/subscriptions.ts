/** Creates, changes, renews and ends subscriptions. */

import type { PaymentContext } from "../cards";
import { type ItemSpec, invoiceAmounts, type LineSpec } from "../event-builders/stripe/events";
import {
  type AccountState,
  type BillingMode,
  type Invoice,
  isFlexible,
  nextId,
  type StripeStep,
  type Subscription,
  seconds,
} from "./account-state";
import { debitsOf } from "./debits";
import { addDiscount } from "./discounts";
import { DRAFT_SECONDS, draft, finalize } from "./draft";
import { emitChange, emitEvent } from "./emit";
import { chargeOrSend, collect, endSubscription, methodFor, voidInvoice } from "./invoices";
import { type Charged, charge } from "./methods";
import type { Redeemed } from "./money-types";
import { subscriptionOf } from "./objects";
import { PENDING_SECONDS } from "./pending-update";
import { periodAfter } from "./period";
import { priced } from "./priced";
import { cardProblem, invalid, nothingToCharge } from "./problem";
import { changePlan, intervalOf, type PlanChange, type ProrationBehavior, periodLines } from "./proration";
import { followSchedule, scheduleEnds } from "./schedules";

interface NewSubscription {
  items: { price: ItemSpec["price"]; quantity: number }[];
  trialEnd: number | null;
  metadata: Record<string, string>;
  /** null only for a trial. */
  card: string | null;
  missingPaymentMethod: Subscription["missingPaymentMethod"];
  billingMode: BillingMode;
  context: PaymentContext;
  discount?: Redeemed | undefined;
  /** The checkout session. */
  session?: string;
  automaticTax?: boolean;
}

/** Creates a subscription and its first invoice, and charges it. The payment method must be one that pays. */
export function begin(step: StripeStep, spec: NewSubscription): { subscription: Subscription; invoice: Invoice } {
  const { state } = step;
  const now = seconds(step);
  const { trialEnd, metadata, card, missingPaymentMethod, billingMode, context } = spec;
  const items = spec.items.map((item) => ({ ...item, id: nextId(state, "si") }));
  const anchor = trialEnd ?? now;
  const invoiceId = nextId(state, "in");
  const subscription: Subscription = {
    id: nextId(state, "sub"),
    customer: state.customer.id,
    items,
    created: now,
    periodStart: now,
    periodEnd: trialEnd ?? periodAfter(now, now, intervalOf(items)),
    billingCycleAnchor: anchor,
    status: trialEnd === null ? "incomplete" : "trialing",
    trialStart: trialEnd === null ? null : now,
    trialEnd,
    trialEndAnnounced: false,
    latestInvoice: invoiceId,
    defaultPaymentMethod: card,
    missingPaymentMethod,
    billingMode,
    metadata,
    pendingLines: [],
    ...(spec.automaticTax && { automaticTax: true }),
  };
  state.subscriptions.push(subscription);
  if (spec.discount) addDiscount(step, subscription, spec.discount, spec.session ?? null);
  emitEvent(step, "customer.subscription.created", subscriptionOf(state, subscription));
  const lines = periodLines(subscription).map((line) =>
    trialEnd === null ? line : { ...line, amount: 0, description: trialLine(subscription, line) },
  );
  const invoice = draft(step, subscription, {
    id: invoiceId,
    billingReason: "subscription_create",
    lines: priced(state, subscription, lines),
    periodStart: now,
    periodEnd: now,
    finalizesAt: null,
  });
  finalize(step, invoice);
  collect(step, invoice, context);
  return { subscription, invoice };
}

function trialLine(subscription: Subscription, { price, quantity }: Pick<LineSpec, "price" | "quantity">): string {
  return isFlexible(subscription)
    ? `Free trial for ${quantity ?? 1} × ${price.nickname}`
    : `Trial period for ${price.nickname}`;
}

/** Begins the next period at once; its charge follows an hour later. */
export function renew(step: StripeStep, subscription: Subscription): void {
  const { state } = step;
  const { periodStart, periodEnd } = subscription;
  const id = nextId(state, "in");
  followSchedule(step, subscription, (items, phase) => {
    // A flexible subscription keeps its billing cycle unless the request says otherwise.
    const switches = !isFlexible(subscription) && intervalOf(items) !== intervalOf(subscription.items);
    const restarts = switches || phase?.anchor === "phase_start";
    const object = () => subscriptionOf(state, subscription);
    emitChange(step, "customer.subscription.updated", object, () => {
      if (restarts) subscription.billingCycleAnchor = periodEnd;
      if (subscription.status === "trialing") subscription.status = "active";
      subscription.items = items;
      subscription.periodStart = periodEnd;
      subscription.periodEnd = periodAfter(subscription.billingCycleAnchor, periodEnd, intervalOf(items));
      subscription.latestInvoice = id;
    });
  });
  const held = subscription.pauseCollection?.behavior === "keep_as_draft";
  const waiting = subscription.pendingLines.splice(0).map(({ id: _, ...line }) => line);
  draft(step, subscription, {
    id,
    billingReason: "subscription_cycle",
    lines: [...waiting, ...priced(state, subscription, periodLines(subscription))],
    // A cycle invoice names the period that ended; the charged period is in its lines.
    periodStart,
    periodEnd,
    ...(held ? { finalizesAt: null, autoAdvance: false } : { finalizesAt: seconds(step) + DRAFT_SECONDS }),
  });
}

export interface ItemsChange {
  items: ItemSpec[];
  behavior: ProrationBehavior;
  payment: "allow_incomplete" | "default_incomplete" | "pending_if_incomplete" | "error_if_incomplete";
  at: number;
  restart: boolean;
  /** The payer is present, so the bank may ask for authentication. */
  payerPresent?: boolean;
  /** Other changes that take effect with the items. */
  details?: { metadata?: Record<string, string>; cancelAtPeriodEnd?: boolean };
}

/** Changes the items, and charges now or later as requested. `pending`: the change waits for its payment. */
export function changeItems(step: StripeStep, subscription: Subscription, change: ItemsChange): "applied" | "pending" {
  const { state } = step;
  const plan = planned(state, subscription, change);
  const lines = priced(state, subscription, plan.lines);
  const object = () => subscriptionOf(state, subscription);
  if (lines.length > 0 && (change.behavior === "always_invoice" || plan.restarts)) {
    return chargeChange(step, subscription, change, { ...plan, lines, object });
  }
  emitChange(step, "customer.subscription.updated", object, () => {
    applyPlan(step, subscription, plan);
    subscription.pendingLines.push(...lines.map((line) => ({ ...line, id: nextId(state, "il") })));
  });
  return "applied";
}

function applyPlan(step: StripeStep, subscription: Subscription, { next, restarts }: PlanChange): void {
  const trialing = subscription.status === "trialing";
  Object.assign(subscription, next);
  if (restarts && trialing) Object.assign(subscription, { status: "active", trialEnd: seconds(step) });
}

/** Invoices a change. It is applied if its charge succeeds or `payment` allows an unpaid one; otherwise it waits. */
function chargeChange(
  step: StripeStep,
  subscription: Subscription,
  { payment, payerPresent = false, details }: ItemsChange,
  plan: PlanChange & { object: () => ReturnType<typeof subscriptionOf> },
): "applied" | "pending" {
  const { state } = step;
  const { next, restarts, lines, object } = plan;
  const id = nextId(state, "in");
  const context: PaymentContext = { payer: payerPresent };
  const charged = tryCharge(state, subscription, lines, context);
  const spec = {
    id,
    billingReason: "subscription_update" as const,
    periodStart: subscription.periodStart,
    periodEnd: seconds(step),
    finalizesAt: null,
  };
  const pays = charged.outcome === "succeeded" || charged.outcome === "processing";
  if (pays || payment === "allow_incomplete" || payment === "default_incomplete") {
    dropPendingUpdate(step, subscription);
    // Every invoice of a flexible subscription includes the pending prorations.
    const waiting = isFlexible(subscription)
      ? subscription.pendingLines.splice(0).map(({ id: _, ...line }) => line)
      : [];
    const invoice = draft(step, subscription, { ...spec, lines: [...waiting, ...lines] });
    finalize(step, invoice);
    emitChange(step, "customer.subscription.updated", object, () => {
      applyPlan(step, subscription, plan);
      subscription.latestInvoice = id;
    });
    chargeOrSend(step, invoice, context);
    return "applied";
  }
  if (payment === "error_if_incomplete") throw cardProblem(charged);
  dropPendingUpdate(step, subscription);
  const invoice = draft(step, subscription, { ...spec, lines, forUpdate: true });
  finalize(step, invoice);
  emitChange(step, "customer.subscription.updated", object, () => {
    subscription.latestInvoice = id;
    subscription.pendingUpdate = {
      expiresAt: seconds(step) + PENDING_SECONDS,
      items: next.items,
      billingCycleAnchor: restarts ? next.billingCycleAnchor : null,
      ...details,
    };
  });
  collect(step, invoice, context);
  return "pending";
}

/** The result of a charge for these lines, before an invoice exists. @throws StripeProblem without a payment method */
function tryCharge(
  state: AccountState,
  subscription: Subscription,
  lines: PlanChange["lines"],
  context: PaymentContext,
): Charged {
  const { due } = invoiceAmounts({
    lines: lines.map((line) => ({ ...line, id: "" })),
    startingBalance: state.customer.balance,
  });
  if (due === 0 || subscription.collectionMethod === "send_invoice") return { outcome: "succeeded" };
  const method = methodFor(state, subscription);
  if (method === null) throw nothingToCharge();
  return charge(method, context);
}

/** The plan change and its lines, by the subscription's billing mode. */
export function planned(
  state: AccountState,
  subscription: Subscription,
  { items, at, behavior, restart }: Pick<ItemsChange, "items" | "at" | "behavior" | "restart">,
) {
  const trialing = subscription.status === "trialing";
  const flexible = isFlexible(subscription);
  if (flexible && !restart && !trialing && intervalOf(items) !== intervalOf(subscription.items)) {
    const message =
      "The sandbox requires `billing_cycle_anchor[type]: now` for another interval of a flexible subscription.";
    throw invalid(message, "billing_cycle_anchor");
  }
  const debits = flexible ? debitsOf(state, subscription) : undefined;
  return changePlan(subscription, items, { at, behavior, trialing, restart, ...(debits && { debits }) });
}

/** Drops a change that was not paid in time or that another one replaces, and voids its invoice. */
export function dropPendingUpdate(step: StripeStep, subscription: Subscription): void {
  if (!subscription.pendingUpdate) return;
  const { state } = step;
  for (const invoice of state.invoices) {
    if (invoice.subscription === subscription.id && invoice.forUpdate && invoice.status === "open") {
      voidInvoice(step, invoice);
    }
  }
  subscription.pendingUpdate = null;
  emitEvent(step, "customer.subscription.pending_update_expired", subscriptionOf(state, subscription));
}

/** A trial without a card pauses until there is one. */
function pauseAfterTrial(step: StripeStep, subscription: Subscription): void {
  const object = () => subscriptionOf(step.state, subscription);
  emitChange(step, "customer.subscription.updated", object, () => {
    subscription.status = "paused";
    subscription.paused = { at: seconds(step), why: "trial_end_without_payment_method" };
  });
  emitEvent(step, "customer.subscription.paused", object());
}

/** Ends, pauses or renews a subscription at the end of its period. */
export function endPeriod(step: StripeStep, subscription: Subscription): void {
  const cardless = subscription.status === "trialing" && methodFor(step.state, subscription) === null;
  const becomes = cardless ? subscription.missingPaymentMethod : "create_invoice";
  const ends = subscription.cancelAtPeriodEnd || becomes === "cancel" || scheduleEnds(step, subscription);
  if (ends) endSubscription(step, subscription, "cancellation_requested");
  else if (becomes === "pause") pauseAfterTrial(step, subscription);
  else renew(step, subscription);
}
