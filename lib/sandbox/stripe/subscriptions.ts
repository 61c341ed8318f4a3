/** A subscription's life: begun at a checkout, changed, renewed, ended. */
import { type ItemSpec, invoiceAmounts, type LineSpec } from "../event-builders/stripe/events";
import type { Presence } from "../cards";
import { debitsOf } from "./debits";
import { addDiscount } from "./discounts";
import {
  chargeOrSend,
  collect,
  DRAFT_SECONDS,
  draft,
  endSubscription,
  finalize,
  methodFor,
  voidInvoice,
} from "./invoices";
import { charge } from "./methods";
import type { Redeemed } from "./money-types";
import { subscriptionOf } from "./objects";
import { PENDING_SECONDS } from "./pending-update";
import { periodAfter } from "./period";
import { priced } from "./priced";
import { cardProblem, invalid, nothingToCharge } from "./problem";
import { changePlan, intervalOf, type ProrationBehavior, periodLines } from "./proration";
import { followSchedule, scheduleEnds } from "./schedules";
import { tell, tellChange } from "./emit";
import {
  type BillingMode,
  type Invoice,
  isFlexible,
  nextId,
  type StripeTurn,
  type Subscription,
  seconds,
  type World,
} from "./account-state";

interface Beginning {
  items: { price: ItemSpec["price"]; quantity: number }[];
  trialEnd: number | null;
  metadata: Record<string, string>;
  /** null only for a trial. */
  card: string | null;
  missingPaymentMethod: Subscription["missingPaymentMethod"];
  billingMode: BillingMode;
  presence: Presence;
  discount?: Redeemed | undefined;
  /** The checkout session that sells it. */
  session?: string;
  automaticTax?: boolean;
}

/** A new subscription and its first invoice, paid or debited. The payment method must be one that pays. */
export function begin(turn: StripeTurn, beginning: Beginning): { subscription: Subscription; invoice: Invoice } {
  const { world } = turn;
  const now = seconds(turn);
  const { trialEnd, metadata, card, missingPaymentMethod, billingMode, presence } = beginning;
  const items = beginning.items.map((item) => ({ ...item, id: nextId(world, "si") }));
  const anchor = trialEnd ?? now;
  const invoiceId = nextId(world, "in");
  const subscription: Subscription = {
    id: nextId(world, "sub"),
    customer: world.customer.id,
    items,
    created: now,
    periodStart: now,
    periodEnd: trialEnd ?? periodAfter(now, now, intervalOf(items)),
    billingCycleAnchor: anchor,
    status: trialEnd === null ? "incomplete" : "trialing",
    trialStart: trialEnd === null ? null : now,
    trialEnd,
    trialTold: false,
    latestInvoice: invoiceId,
    defaultPaymentMethod: card,
    missingPaymentMethod,
    billingMode,
    metadata,
    pendingLines: [],
    ...(beginning.automaticTax && { automaticTax: true }),
  };
  world.subscriptions.push(subscription);
  if (beginning.discount) addDiscount(turn, subscription, beginning.discount, beginning.session ?? null);
  tell(turn, "customer.subscription.created", subscriptionOf(world, subscription));
  const lines = periodLines(subscription).map((line) =>
    trialEnd === null ? line : { ...line, amount: 0, description: trialLine(subscription, line) },
  );
  const invoice = draft(turn, subscription, {
    id: invoiceId,
    billingReason: "subscription_create",
    lines: priced(world, subscription, lines),
    periodStart: now,
    periodEnd: now,
    finalizesAt: null,
  });
  finalize(turn, invoice);
  collect(turn, invoice, presence);
  return { subscription, invoice };
}

function trialLine(subscription: Subscription, { price, quantity }: Pick<LineSpec, "price" | "quantity">): string {
  return isFlexible(subscription)
    ? `Free trial for ${quantity ?? 1} × ${price.nickname}`
    : `Trial period for ${price.nickname}`;
}

/** A period's end: the next one begins at once, and is charged for an hour later. */
export function renew(turn: StripeTurn, subscription: Subscription): void {
  const { world } = turn;
  const { periodStart, periodEnd } = subscription;
  const id = nextId(world, "in");
  followSchedule(turn, subscription, (items, phase) => {
    // A flexible subscription keeps its billing cycle unless the request says otherwise.
    const switches = !isFlexible(subscription) && intervalOf(items) !== intervalOf(subscription.items);
    const restarts = switches || phase?.anchor === "phase_start";
    const object = () => subscriptionOf(world, subscription);
    tellChange(turn, "customer.subscription.updated", object, () => {
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
  draft(turn, subscription, {
    id,
    billingReason: "subscription_cycle",
    lines: [...waiting, ...priced(world, subscription, periodLines(subscription))],
    // A cycle invoice names the period that ended; what is charged for stands in its lines.
    periodStart,
    periodEnd,
    ...(held ? { finalizesAt: null, autoAdvance: false } : { finalizesAt: seconds(turn) + DRAFT_SECONDS }),
  });
}

export interface ItemsChange {
  items: ItemSpec[];
  behavior: ProrationBehavior;
  payment: "allow_incomplete" | "default_incomplete" | "pending_if_incomplete" | "error_if_incomplete";
  at: number;
  restart: boolean;
  /** The payer is there, and may be asked by their bank. */
  payerPresent?: boolean;
  /** What else comes into force with the items. */
  details?: { metadata?: Record<string, string>; cancelAtPeriodEnd?: boolean };
}

/** Changes what a subscription has, charging for it now or later, as asked. `pending`: it waits for its payment. */
export function changeItems(turn: StripeTurn, subscription: Subscription, change: ItemsChange): "applied" | "pending" {
  const { world } = turn;
  const { behavior, payment } = change;
  const trialing = subscription.status === "trialing";
  const plan = planned(world, subscription, change);
  const { next, restarts } = plan;
  const lines = priced(world, subscription, plan.lines);
  const invoices = lines.length > 0 && (behavior === "always_invoice" || restarts);
  const id = invoices ? nextId(world, "in") : null;
  const applied = () => {
    Object.assign(subscription, next);
    if (id !== null) subscription.latestInvoice = id;
    if (!invoices) subscription.pendingLines.push(...lines.map((line) => ({ ...line, id: nextId(world, "il") })));
    if (restarts && trialing) Object.assign(subscription, { status: "active", trialEnd: seconds(turn) });
  };
  const object = () => subscriptionOf(world, subscription);
  if (id === null) {
    tellChange(turn, "customer.subscription.updated", object, applied);
    return "applied";
  }

  const presence: Presence = { payer: change.payerPresent ?? false };
  const due = invoiceAmounts({
    lines: lines.map((line) => ({ ...line, id })),
    startingBalance: world.customer.balance,
  }).due;
  const free = due === 0 || subscription.collectionMethod === "send_invoice";
  const method = methodFor(world, subscription);
  if (!free && method === null) throw nothingToCharge();
  const charged = free ? { outcome: "succeeded" as const } : charge(method, presence);
  const spec = {
    id,
    billingReason: "subscription_update" as const,
    periodStart: subscription.periodStart,
    periodEnd: seconds(turn),
    finalizesAt: null,
  };
  const pays = charged.outcome === "succeeded" || charged.outcome === "processing";
  if (pays || payment === "allow_incomplete" || payment === "default_incomplete") {
    dropPendingUpdate(turn, subscription);
    // Every invoice of a flexible subscription takes the prorations that wait for one.
    const waiting = isFlexible(subscription)
      ? subscription.pendingLines.splice(0).map(({ id: _, ...line }) => line)
      : [];
    const invoice = draft(turn, subscription, { ...spec, lines: [...waiting, ...lines] });
    finalize(turn, invoice);
    tellChange(turn, "customer.subscription.updated", object, applied);
    chargeOrSend(turn, invoice, presence);
    return "applied";
  }
  if (payment === "error_if_incomplete") throw cardProblem(charged);
  dropPendingUpdate(turn, subscription);
  const invoice = draft(turn, subscription, { ...spec, lines, forUpdate: true });
  finalize(turn, invoice);
  tellChange(turn, "customer.subscription.updated", object, () => {
    subscription.latestInvoice = id;
    subscription.pendingUpdate = {
      expiresAt: seconds(turn) + PENDING_SECONDS,
      items: next.items,
      billingCycleAnchor: restarts ? next.billingCycleAnchor : null,
      ...change.details,
    };
  });
  collect(turn, invoice, presence);
  return "pending";
}

/** What a change comes to, by the subscription's billing mode. */
export function planned(
  world: World,
  subscription: Subscription,
  { items, at, behavior, restart }: Pick<ItemsChange, "items" | "at" | "behavior" | "restart">,
) {
  const trialing = subscription.status === "trialing";
  const flexible = isFlexible(subscription);
  if (flexible && !restart && !trialing && intervalOf(items) !== intervalOf(subscription.items)) {
    const message =
      "The sandbox plays another interval of a flexible subscription with `billing_cycle_anchor[type]: now`.";
    throw invalid(message, "billing_cycle_anchor");
  }
  const debits = flexible ? debitsOf(world, subscription) : undefined;
  return changePlan(subscription, items, { at, behavior, trialing, restart, ...(debits && { debits }) });
}

/** A change that was not paid for in time, or that another one replaces: its invoice is void. */
export function dropPendingUpdate(turn: StripeTurn, subscription: Subscription): void {
  if (!subscription.pendingUpdate) return;
  const { world } = turn;
  for (const invoice of world.invoices) {
    if (invoice.subscription === subscription.id && invoice.forUpdate && invoice.status === "open") {
      voidInvoice(turn, invoice);
    }
  }
  subscription.pendingUpdate = null;
  tell(turn, "customer.subscription.pending_update_expired", subscriptionOf(world, subscription));
}

/** A trial that nobody gave a card for waits for one instead of converting. */
function pauseAfterTrial(turn: StripeTurn, subscription: Subscription): void {
  const object = () => subscriptionOf(turn.world, subscription);
  tellChange(turn, "customer.subscription.updated", object, () => {
    subscription.status = "paused";
    subscription.paused = { at: seconds(turn), why: "trial_end_without_payment_method" };
  });
  tell(turn, "customer.subscription.paused", object());
}

/** What a period's end brings: the subscription's, or its next one. */
export function endPeriod(turn: StripeTurn, subscription: Subscription): void {
  const cardless = subscription.status === "trialing" && methodFor(turn.world, subscription) === null;
  const becomes = cardless ? subscription.missingPaymentMethod : "create_invoice";
  const ends = subscription.cancelAtPeriodEnd || becomes === "cancel" || scheduleEnds(turn, subscription);
  if (ends) endSubscription(turn, subscription, "cancellation_requested");
  else if (becomes === "pause") pauseAfterTrial(turn, subscription);
  else renew(turn, subscription);
}
