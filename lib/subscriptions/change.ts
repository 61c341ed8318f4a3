/** Changing a plan: previewed first, then now or with the next period. What happened comes back as webhooks. */

import {
  type PlanChangeRefusal,
  type PlanChoice,
  type PlanSelection,
  planChoice,
} from "@/lib/billing/plan-change-policy";
import { type ChangePreviewView, type ChangeView, toIsoInstant } from "@/lib/billing/schemas/purchase";
import type { PlanChangeInput } from "@/lib/billing/schemas/purchase-requests";
import { effectivePlan } from "@/lib/billing/timeline/scheduled-changes";
import type { Interval, SubscriptionRecord } from "@/lib/billing/types";
import { freePlan, type ProductId } from "@/lib/config/catalog";
import { findPlan, product as productOf } from "@/lib/config/current-catalog";
import { DomainError } from "@/lib/core/domain-error";
import { log } from "@/lib/core/observability";
import { type ChangePreview as ChangeCosts, ProcessorError } from "@/lib/processors/processor-client";
import { cancelFor, keepFor, recordWithdrawal, withdrawAtProcessor } from "./cancel";
import { usageAfter } from "./change-preview";
import { oneAtATime } from "./change-queue";
import { checkPlanFits } from "./check-plan-fits";
import { type Current, scheduledAt, subscribedTo } from "./load-subscription";
import { asked, type PurchaseContext, priceOf, reached } from "./purchase-context";
import { RENEWAL_MARGIN, SCHEDULED_AHEAD, scheduleChange } from "./schedule-change";

type Subscribed = Current & { mirror: SubscriptionRecord };

/** What the request means for this subscription; nothing has been asked of the processor yet. */
interface Decided {
  current: Subscribed;
  to: PlanSelection;
  choice: Exclude<PlanChoice, { kind: "refused" }>;
}

/**
 * What `changePlan` with the same words would do, and refused where that would be.
 * @throws DomainError bad_input, not_found, conflict, unavailable, DatabaseError
 */
export async function previewChange(
  userId: string,
  wanted: PlanChangeInput,
  shop: PurchaseContext,
): Promise<ChangePreviewView> {
  const { current, to, choice } = await decided(userId, wanted, shop);
  const { product, mirror, now } = current;
  const ends = choice.kind === "cancel";
  const timing = choice.kind === "change" ? choice.timing : ends ? "period_end" : "now";
  const at = timing === "now" ? now : periodEnd(mirror, now);
  const money: ChangeCosts = ends ? { dueNow: null, nextCharge: null } : await costs(current, to, choice, shop);
  return {
    product,
    from: { plan: effectivePlan(mirror) ?? current.view.plan, interval: mirror.interval },
    to: ends ? { plan: to.plan, interval: null } : to,
    timing,
    effectiveAt: toIsoInstant(at),
    dueNow: money.dueNow,
    tax: money.tax ?? null,
    discount: money.discount ?? null,
    discounts: (money.discounts ?? []).map((each) => ({
      ...each,
      endsAt: each.endsAt === null ? null : toIsoInstant(each.endsAt),
    })),
    nextCharge: money.nextCharge && { ...money.nextCharge, at: toIsoInstant(money.nextCharge.at) },
    collection: money.collection ?? "card",
    collectionDays: money.collectionDays ?? null,
    usage: await usageAfter(current, { to, timing, ends, at }, shop.gateway),
  };
}

async function costs(
  { mirror, product }: Subscribed,
  to: PlanSelection,
  choice: Decided["choice"],
  shop: PurchaseContext,
) {
  const found = await reached(shop, mirror.processor);
  const priceId = priceOf(found, { product, ...to });
  const timing = choice.kind === "change" && choice.timing === "now" ? "now" : "renewal";
  return asked(mirror.processor, found.client.preview({ subscription: mirror.subscription, priceId, timing }));
}

/**
 * More at once, less with the next period, the free plan by ending the subscription, and what one has by taking back
 * what was kept for later.
 * @throws DomainError bad_input, payment_required, not_found, conflict, unavailable, DatabaseError
 */
export async function changePlan(userId: string, wanted: PlanChangeInput, shop: PurchaseContext): Promise<ChangeView> {
  const { current, to, choice } = await decided(userId, wanted, shop);
  if (choice.kind === "cancel") return cancelFor(current, shop);
  if (choice.kind === "undo") return keepFor(current, shop);
  if (choice.timing !== "now") return changeLater(current, to, shop);
  const { processor, subscription } = current.mirror;
  return oneAtATime(`${processor}:${subscription}`, () => changeNow(current, to, shop));
}

/** The checks that preview and change share, in the order in which people are told. */
async function decided(
  userId: string,
  { product, ...wanted }: PlanChangeInput,
  { gateway }: PurchaseContext,
): Promise<Decided> {
  const plan = wanted.plan.toLowerCase();
  if (!findPlan(product, plan))
    throw new DomainError("bad_input", "bad_input", "plan: there is no such plan", { field: "plan" });
  // Ending a subscription is never refused: what exists stays, and can be read and deleted.
  const ends = plan === freePlan(productOf(product)).id;
  const tooMuch = ends ? null : await checkPlanFits(gateway, userId, plan, product);
  if (tooMuch) throw tooMuch;
  const current = await subscribedTo(userId, product, gateway);
  const to = { plan, interval: wanted.interval ?? current.mirror.interval ?? "monthly" };
  const choice = planChoice(productOf(product), current.mirror, to);
  if (choice.kind === "refused")
    throw new DomainError("conflict", choice.reason, refusal(choice.reason, product, to), { product });
  return { current, to, choice };
}

function refusal(reason: PlanChangeRefusal, product: ProductId, { plan, interval }: PlanSelection): string {
  const { name, plans } = productOf(product);
  return {
    already_on_plan: `You are on ${plans[plan]?.name ?? plan}, billed ${interval}, already.`,
    cancellation_scheduled: `Your ${name} subscription is about to end. Resume it first, then change it.`,
    payment_open: `A payment for ${name} is open. Settle it first, then change the plan.`,
    subscription_paused: `Your ${name} subscription is paused. Resume it first, then change it.`,
    unknown_price: `Your ${name} subscription has a price that cannot be changed here.`,
  }[reason];
}

/**
 * A change that was kept for later gives way to this one once this one is made. Refused or not paid, this one leaves the
 * other: after a refusal it is scheduled again at once, and otherwise by the job that carries such changes out.
 */
async function changeNow(current: Subscribed, to: PlanSelection, shop: PurchaseContext): Promise<ChangeView> {
  const { product, mirror, now } = current;
  const { processor, subscription, scheduled } = mirror;
  const found = await reached(shop, processor);
  const priceId = priceOf(found, { product, ...to });
  await withdrawAtProcessor(current, shop);
  try {
    const done = await asked(processor, found.client.change({ subscription, priceId, timing: "now" }));
    const view = { product, ...to, effectiveAt: toIsoInstant(now) };
    if (done.outcome === "requested") {
      await recordWithdrawal(current, shop);
      return { ...view, outcome: "pending", url: null };
    }
    if (jobHasBegun(mirror, now)) await recordWithdrawal(current, shop);
    return { ...view, outcome: "payment_needed", url: done.url };
  } catch (error) {
    if (!(error instanceof DomainError) || scheduled === null) throw error;
    if (error.problem !== "unavailable")
      await changeLater(await subscribedTo(current.userId, product, shop.gateway), scheduled, shop);
    else if (jobHasBegun(mirror, now)) await recordWithdrawal(current, shop);
    throw error;
  }
}

/** So near to the renewal, the job would take back at once the upgrade that waits for its payment, or has run already. */
function jobHasBegun(mirror: SubscriptionRecord, now: number): boolean {
  return periodEnd(mirror, now) - now <= SCHEDULED_AHEAD;
}

/**
 * Kept by us, and where the processor can by the processor as well. Ours comes first: what is shown can be undone, and
 * the job that carries such changes out makes sure of one whose answer was lost.
 */
async function changeLater(current: Subscribed, to: PlanSelection, shop: PurchaseContext): Promise<ChangeView> {
  const { userId, product, mirror, now } = current;
  const { processor, subscription } = mirror;
  const found = await reached(shop, processor);
  const priceId = priceOf(found, { product, ...to });
  const at = periodEnd(mirror, now);
  if (processor === "paddle" && at - now <= RENEWAL_MARGIN) {
    throw new DomainError(
      "conflict",
      "renewal_under_way",
      "Your subscription is about to renew. Change it afterwards.",
      {
        product,
      },
    );
  }
  const madeAt = scheduledAt(current);
  const schedule = (plan: PlanSelection | null, at: number) =>
    scheduleChange({ userId, product, mirror, to: plan, at }, shop.gateway);
  await schedule(to, madeAt);
  if (processor === "stripe") {
    try {
      await found.client.change({ subscription, priceId, timing: "renewal" });
    } catch (error) {
      const lost = error instanceof ProcessorError && error.problem === "unavailable";
      if (!lost) {
        await schedule(mirror.scheduled, madeAt + 1);
        return asked(processor, Promise.reject(error));
      }
      log.warn({ userId, subscription, error: String(error) }, "[Purchase] Scheduled here; the job makes sure of it");
    }
  }
  return { product, ...to, outcome: "scheduled", effectiveAt: toIsoInstant(at), url: null };
}

/** The end of what is paid for; now where that is past or not known. */
export function periodEnd(
  { periodEnd: end }: { periodEnd: number | null; interval: Interval | null },
  now: number,
): number {
  return end === null ? now : Math.max(end, now);
}
