/** A subscription's life: begun at a checkout, changed, renewed, ended. */
import { type ItemSpec, invoiceAmounts } from "@/lib/billing/processors/stripe/events";
import { chargeCard, OFF_SESSION, type Presence } from "../cards";
import { addDiscount, type Redeemed } from "./discounts";
import {
  cardFor,
  chargeOrSend,
  collect,
  DRAFT_SECONDS,
  draft,
  endSubscription,
  finalize,
  voidInvoice,
} from "./invoices";
import { subscriptionOf } from "./objects";
import { PENDING_SECONDS } from "./pending-update";
import { periodAfter } from "./period";
import { priced } from "./priced";
import { cardProblem } from "./problem";
import { changePlan, intervalOf, type ProrationBehavior, periodLines } from "./proration";
import { followSchedule, scheduleEnds } from "./schedules";
import { tell, tellChange } from "./tell";
import { type Invoice, nextId, type StripeTurn, type Subscription, seconds } from "./world";

interface Beginning {
  items: { price: ItemSpec["price"]; quantity: number }[];
  trialEnd: number | null;
  metadata: Record<string, string>;
  /** null only for a trial. */
  card: string | null;
  missingPaymentMethod: Subscription["missingPaymentMethod"];
  presence: Presence;
  discount?: Redeemed | undefined;
  /** The checkout session that sells it. */
  session?: string;
  automaticTax?: boolean;
}

/** A new subscription and its first invoice, paid. The card must be one that pays. */
export function begin(turn: StripeTurn, beginning: Beginning): { subscription: Subscription; invoice: Invoice } {
  const { world } = turn;
  const now = seconds(turn);
  const { trialEnd, metadata, card, missingPaymentMethod, presence } = beginning;
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
    metadata,
    pendingLines: [],
    ...(beginning.automaticTax && { automaticTax: true }),
  };
  world.subscriptions.push(subscription);
  if (beginning.discount) addDiscount(turn, subscription, beginning.discount, beginning.session ?? null);
  tell(turn, "customer.subscription.created", subscriptionOf(world, subscription));
  const lines = periodLines(subscription).map((line) =>
    trialEnd === null ? line : { ...line, amount: 0, description: `Trial period for ${line.price.nickname}` },
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

/** A period's end: the next one begins at once, and is charged for an hour later. */
export function renew(turn: StripeTurn, subscription: Subscription): void {
  const { world } = turn;
  const { periodStart, periodEnd } = subscription;
  const id = nextId(world, "in");
  followSchedule(turn, subscription, (items) => {
    const restarts = intervalOf(items) !== intervalOf(subscription.items);
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
}

/** Changes what a subscription has, charging for it now or later, as asked. */
export function changeItems(turn: StripeTurn, subscription: Subscription, change: ItemsChange): void {
  const { world } = turn;
  const { at, behavior, restart, payment } = change;
  const trialing = subscription.status === "trialing";
  const changed = changePlan(subscription, change.items, { at, behavior, trialing, restart });
  const { next, restarts } = changed;
  const lines = priced(world, subscription, changed.lines);
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
    return;
  }

  const presence: Presence = { payer: change.payerPresent ?? false };
  const due = invoiceAmounts({
    lines: lines.map((line) => ({ ...line, id })),
    startingBalance: world.customer.balance,
  }).due;
  const free = due === 0 || subscription.collectionMethod === "send_invoice";
  const charged = free ? { outcome: "succeeded" as const } : chargeCard(cardFor(turn, subscription), presence);
  const spec = {
    id,
    billingReason: "subscription_update" as const,
    lines,
    periodStart: subscription.periodStart,
    periodEnd: seconds(turn),
    finalizesAt: null,
  };
  if (charged.outcome === "succeeded" || payment === "allow_incomplete" || payment === "default_incomplete") {
    const invoice = draft(turn, subscription, spec);
    finalize(turn, invoice);
    tellChange(turn, "customer.subscription.updated", object, applied);
    chargeOrSend(turn, invoice, presence);
    return;
  }
  if (payment === "error_if_incomplete") throw cardProblem(charged);
  dropPendingUpdate(turn, subscription);
  const invoice = draft(turn, subscription, { ...spec, forUpdate: true });
  finalize(turn, invoice);
  tellChange(turn, "customer.subscription.updated", object, () => {
    subscription.latestInvoice = id;
    subscription.pendingUpdate = {
      expiresAt: seconds(turn) + PENDING_SECONDS,
      items: next.items,
      billingCycleAnchor: restarts ? next.billingCycleAnchor : null,
    };
  });
  collect(turn, invoice, presence);
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

/** Brings a subscription back that paused when its trial ended: a new period, charged at once. */
export function resume(turn: StripeTurn, subscription: Subscription): void {
  const { world } = turn;
  const now = seconds(turn);
  const id = nextId(world, "in");
  const periodEnd = periodAfter(now, now, intervalOf(subscription.items));
  const state = { ...subscription, periodStart: now, periodEnd };
  const invoice = draft(turn, subscription, {
    id,
    billingReason: "subscription_cycle",
    lines: priced(world, subscription, periodLines(state)),
    periodStart: subscription.periodStart,
    periodEnd: now,
    finalizesAt: null,
  });
  finalize(turn, invoice);
  const charged = collect(turn, invoice, OFF_SESSION);
  if (charged.outcome !== "succeeded") throw cardProblem(charged);
  const object = () => subscriptionOf(world, subscription);
  tellChange(turn, "customer.subscription.updated", object, () => {
    Object.assign(subscription, {
      status: "active",
      periodStart: now,
      periodEnd,
      billingCycleAnchor: now,
      latestInvoice: id,
    });
  });
  tell(turn, "customer.subscription.resumed", object());
}

/** A trial that nobody gave a card for waits for one instead of converting. */
function pauseAfterTrial(turn: StripeTurn, subscription: Subscription): void {
  const object = () => subscriptionOf(turn.world, subscription);
  tellChange(turn, "customer.subscription.updated", object, () => {
    subscription.status = "paused";
  });
  tell(turn, "customer.subscription.paused", object());
}

/** What a period's end brings: the subscription's, or its next one. */
export function endPeriod(turn: StripeTurn, subscription: Subscription): void {
  const cardless = subscription.status === "trialing" && cardFor(turn, subscription) === null;
  const becomes = cardless ? subscription.missingPaymentMethod : "create_invoice";
  const ends = subscription.cancelAtPeriodEnd || becomes === "cancel" || scheduleEnds(turn, subscription);
  if (ends) endSubscription(turn, subscription, "cancellation_requested");
  else if (becomes === "pause") pauseAfterTrial(turn, subscription);
  else renew(turn, subscription);
}
