/** Previews a plan change and makes it, now or at the next period. Webhooks report its effect. */

import {
  type PlanChangeRefusal,
  type PlanChoice,
  type PlanSelection,
  planChoice,
} from "@/lib/billing/plan-change-policy";
import { type ChangePreviewView, type ChangeView, toIsoInstant } from "@/lib/billing/schemas/purchase";
import type { PlanChangeInput } from "@/lib/billing/schemas/purchase-requests";
import { effectivePlan } from "@/lib/billing/timeline/scheduled-changes";
import { type Instant, type SubscriptionRecord, sourceOf } from "@/lib/billing/types";
import { freePlan } from "@/lib/config/catalog";
import { planName, product as productOf } from "@/lib/config/current-catalog";
import type { ProductName } from "@/lib/config/register";
import { DomainError } from "@/lib/core/domain-error";
import { log } from "@/lib/core/observability";
import { type ChangePreview as ChangeCosts, ProcessorError } from "@/lib/processors/processor-client";
import { cancelFor, cancelScheduledAtProcessor, recordScheduleCancellation, resumeFor } from "./cancel";
import { usageAfter } from "./change-preview";
import { oneAtATime } from "./change-queue";
import { checkPlanFits } from "./check-plan-fits";
import { nextScheduleTime, requireSubscription, type Subscribed } from "./load-subscription";
import {
  mapProcessorError,
  type PurchaseContext,
  requirePlan,
  requirePriceId,
  requireProcessor,
  userErrorOf,
} from "./purchase-context";
import { RENEWAL_MARGIN, SCHEDULED_AHEAD, scheduleChange } from "./schedule-change";

/** The kind of change that a request makes. No processor has been called yet. */
interface ChangeDecision {
  current: Subscribed;
  to: PlanSelection;
  choice: Exclude<PlanChoice, { kind: "refused" }>;
}

/**
 * The effect and cost of `changePlan` with the same input. Throws the same refusals.
 * @throws DomainError bad_input, not_found, conflict, unavailable, DatabaseError
 */
export async function previewChange(
  userId: string,
  input: PlanChangeInput,
  context: PurchaseContext,
): Promise<ChangePreviewView> {
  const { current, to, choice } = await decideChange(userId, input, context);
  const { product, record, now } = current;
  const ends = choice.kind === "cancel";
  const timing = choice.kind === "change" ? choice.timing : ends ? "period_end" : "now";
  const at = timing === "now" ? now : periodEnd(record, now);
  const money: ChangeCosts = ends
    ? { dueNow: null, nextCharge: null }
    : await previewCosts(current, to, choice, context);
  return {
    product,
    from: { plan: effectivePlan(record) ?? current.view.plan, interval: record.interval },
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
    usage: await usageAfter(current, { to, timing, ends, at }, context.gateway),
  };
}

async function previewCosts(
  { record, product }: Subscribed,
  to: PlanSelection,
  choice: ChangeDecision["choice"],
  context: PurchaseContext,
) {
  const found = await requireProcessor(context, record.processor);
  const priceId = requirePriceId(found, { product, ...to });
  const timing = choice.kind === "change" && choice.timing === "now" ? "now" : "renewal";
  return mapProcessorError(
    record.processor,
    found.client.preview({ subscription: record.subscription, priceId, timing }),
  );
}

/**
 * Makes a plan change. An upgrade applies at once, a downgrade at the next period; the free plan cancels the subscription.
 * The plan that the user has already cancels a scheduled change.
 * @throws DomainError bad_input, payment_required, not_found, conflict, unavailable, DatabaseError
 */
export async function changePlan(
  userId: string,
  input: PlanChangeInput,
  context: PurchaseContext,
): Promise<ChangeView> {
  const { current, to, choice } = await decideChange(userId, input, context);
  if (choice.kind === "cancel") return cancelFor(current, context);
  if (choice.kind === "undo") return resumeFor(current, context);
  if (choice.timing !== "now") return changeAtPeriodEnd(current, to, context);
  return oneAtATime(sourceOf(current.record), () => changeNow(current, to, context));
}

/** The checks that preview and change share. Users see the first refusal. */
async function decideChange(
  userId: string,
  { product, ...input }: PlanChangeInput,
  { gateway }: PurchaseContext,
): Promise<ChangeDecision> {
  const plan = requirePlan(product, input.plan);
  // A cancellation is never refused: existing things stay, and can be read and deleted.
  const ends = plan === freePlan(productOf(product)).id;
  const doesNotFit = ends ? null : await checkPlanFits(gateway, userId, plan, product);
  if (doesNotFit) throw doesNotFit;
  const current = await requireSubscription(userId, product, gateway);
  const to = { plan, interval: input.interval ?? current.record.interval ?? "monthly" };
  const choice = planChoice(productOf(product), current.record, to);
  if (choice.kind === "refused")
    throw new DomainError("conflict", choice.reason, refusal(choice.reason, product, to), { product });
  return { current, to, choice };
}

function refusal(reason: PlanChangeRefusal, product: ProductName, { plan, interval }: PlanSelection): string {
  const { name } = productOf(product);
  return {
    already_on_plan: `You are on ${planName(product, plan)}, billed ${interval}, already.`,
    cancellation_scheduled: `Your ${name} subscription is about to end. Resume it first, then change it.`,
    payment_open: `A payment for ${name} is open. Settle it first, then change the plan.`,
    subscription_paused: `Your ${name} subscription is paused. Resume it first, then change it.`,
    unknown_price: `Your ${name} subscription has a price that cannot be changed here.`,
  }[reason];
}

/**
 * Changes the plan at once. A successful change replaces a scheduled one. If this change is refused or not paid, the
 * scheduled one stays. After a refusal it is scheduled again at once; otherwise the job carries it out.
 */
async function changeNow(current: Subscribed, to: PlanSelection, context: PurchaseContext): Promise<ChangeView> {
  const { product, record, now } = current;
  const { processor, subscription, scheduled } = record;
  const found = await requireProcessor(context, processor);
  const priceId = requirePriceId(found, { product, ...to });
  await cancelScheduledAtProcessor(current, context);
  try {
    const done = await mapProcessorError(processor, found.client.change({ subscription, priceId, timing: "now" }));
    const view = { product, ...to, effectiveAt: toIsoInstant(now) };
    if (done.outcome === "requested") {
      await recordScheduleCancellation(current, context);
      return { ...view, outcome: "pending", url: null };
    }
    if (isJobDue(record, now)) await recordScheduleCancellation(current, context);
    return { ...view, outcome: "payment_needed", url: done.url };
  } catch (error) {
    if (!(error instanceof DomainError) || scheduled === null) throw error;
    if (error.problem !== "unavailable")
      await changeAtPeriodEnd(await requireSubscription(current.userId, product, context.gateway), scheduled, context);
    else if (isJobDue(record, now)) await recordScheduleCancellation(current, context);
    throw error;
  }
}

/** This close to the renewal, the job has run, or would undo an upgrade that waits for its payment. */
function isJobDue(record: SubscriptionRecord, now: number): boolean {
  return periodEnd(record, now) - now <= SCHEDULED_AHEAD;
}

/**
 * Schedules the change here, and at Stripe too. Our record comes first: pages show it, users can undo it, and the job
 * carries it out if Stripe's response was lost.
 */
async function changeAtPeriodEnd(
  current: Subscribed,
  to: PlanSelection,
  context: PurchaseContext,
): Promise<ChangeView> {
  const { userId, product, record, now } = current;
  const { processor, subscription } = record;
  const found = await requireProcessor(context, processor);
  const priceId = requirePriceId(found, { product, ...to });
  const at = periodEnd(record, now);
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
  const madeAt = nextScheduleTime(current);
  const schedule = (plan: PlanSelection | null, at: number) =>
    scheduleChange({ userId, product, record, to: plan, at }, context.gateway);
  await schedule(to, madeAt);
  if (processor === "stripe") {
    try {
      await found.client.change({ subscription, priceId, timing: "renewal" });
    } catch (error) {
      const lost = error instanceof ProcessorError && error.problem === "unavailable";
      if (!lost) {
        await schedule(record.scheduled, madeAt + 1);
        throw userErrorOf(processor, error);
      }
      log.warn(
        { userId, subscription, error: String(error) },
        "[Purchase] Plan change scheduled here only; the job carries it out",
      );
    }
  }
  return { product, ...to, outcome: "scheduled", effectiveAt: toIsoInstant(at), url: null };
}

/** The end of the paid period; `now` if it has passed or is not known. */
function periodEnd({ periodEnd: end }: SubscriptionRecord, now: Instant): Instant {
  return end === null ? now : Math.max(end, now);
}
