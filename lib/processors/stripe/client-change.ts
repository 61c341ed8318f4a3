/** Changes a plan at Stripe, now or at the renewal, and ends a pause. */
import { randomUUID } from "node:crypto";
import Stripe from "stripe";
import type { FindPrice } from "@/lib/config/catalog";
import { entityId } from "../entity-id";
import { planItemIn } from "../plan-item";
import type { PlanChange, PlanChanged } from "../processor-client";
import { COLLECTION_EXPANSIONS, collectionOf, paymentBehavior } from "./client-collection";
import { isPendingChangeTo, isScheduledAlready, newCycle, phasesFor } from "./client-plan";
import { idOf } from "./reference";

/** Every function throws the errors of Stripe's SDK. */
export function planChanges(stripe: Stripe, findPrice: FindPrice) {
  return { changeNow, changeAtRenewal, releaseSchedule, resume, voidPendingChange };

  /**
   * A card is charged within the request; if the charge needs the payer, Stripe keeps the old plan until it is paid. A bank
   * account is debited, or an invoice sent, after the change.
   */
  async function changeNow({ subscription, priceId }: PlanChange): Promise<PlanChanged> {
    const known = await stripe.subscriptions.retrieve(entityId(subscription), COLLECTION_EXPANSIONS);
    if (isPendingChangeTo(known, priceId)) return paymentNeeded(known);
    const current = await voidPendingChange(known);
    const plan = planItemIn(current.items.data, priceId, findPrice);
    const { item } = plan;
    // A retry after a lost response must not change (and charge) again.
    if (!plan.changes) return { outcome: "requested" };
    await releaseSchedule(current);
    const changed = await stripe.subscriptions.update(
      current.id,
      {
        items: [{ id: item.id, price: priceId, quantity: item.quantity ?? 1 }],
        proration_behavior: "always_invoice",
        payment_behavior: paymentBehavior(collectionOf(known)),
        ...newCycle(current, plan),
      },
      // The key names this attempt, for the SDK's retry. Stripe repeats a refusal for a day, so a key per change would still
      // be refused after a card was added. Of two attempts at once, the second finds the change made.
      { idempotencyKey: `change:${current.id}:${priceId}:${randomUUID()}` },
    );
    return changed.pending_update === null ? { outcome: "requested" } : paymentNeeded(changed);
  }

  /** Cancels an earlier change that waits for its payment: Stripe discards the change when its invoice is voided. */
  async function voidPendingChange(subscription: Stripe.Subscription): Promise<Stripe.Subscription> {
    const { id, pending_update: pending, latest_invoice: latest } = subscription;
    const invoice = idOf(latest);
    if (pending === null || invoice === null) return subscription;
    try {
      await stripe.invoices.voidInvoice(invoice);
    } catch (error) {
      // The invoice may have been paid, or the change may have expired, in between.
      const now = await stripe.subscriptions.retrieve(id);
      if (now.pending_update !== null) throw error;
      return now;
    }
    return stripe.subscriptions.retrieve(id);
  }

  async function paymentNeeded({ latest_invoice }: Stripe.Subscription): Promise<PlanChanged> {
    const invoice = idOf(latest_invoice);
    const url = invoice === null ? null : (await stripe.invoices.retrieve(invoice)).hosted_invoice_url;
    return { outcome: "payment_needed", url: url ?? null };
  }

  /**
   * Ends a pause of the subscription. The new period begins when its charge succeeds. The request to resume a classic
   * subscription does not charge it, so a second request pays its invoice.
   */
  async function resume(paused: Stripe.Subscription): Promise<PlanChanged> {
    // After a second click, the first resumption is waiting for its payment.
    if (paused.pending_update !== null) return paymentNeeded(paused);
    const flexible = paused.billing_mode?.type === "flexible";
    const resumed = await stripe.subscriptions.resume(paused.id, {
      billing_cycle_anchor: { type: "now" },
      ...(flexible && { payment_behavior: "resume_on_payment_success" as const }),
    });
    if (resumed.status !== "paused") return { outcome: "requested" };
    const invoice = idOf(resumed.latest_invoice);
    if (flexible || invoice === null) return paymentNeeded(resumed);
    try {
      await stripe.invoices.pay(invoice, { off_session: false });
      return { outcome: "requested" };
    } catch (error) {
      if (error instanceof Stripe.errors.StripeCardError) return paymentNeeded(resumed);
      throw error;
    }
  }

  /** Uses a subscription schedule, so that Stripe makes the change at the renewal even if our jobs do not run. */
  async function changeAtRenewal({ subscription, priceId }: PlanChange): Promise<PlanChanged> {
    const current = await voidPendingChange(await stripe.subscriptions.retrieve(entityId(subscription)));
    const plan = planItemIn(current.items.data, priceId, findPrice);
    if (!plan.changes) {
      await releaseSchedule(current);
      return { outcome: "requested" };
    }
    const schedule = await scheduleOf(current);
    if (isScheduledAlready(schedule, priceId)) return { outcome: "requested" };
    await stripe.subscriptionSchedules.update(schedule.id, {
      end_behavior: "release",
      proration_behavior: "none",
      phases: phasesFor(schedule, current, plan, priceId),
    });
    return { outcome: "requested" };
  }

  async function scheduleOf({ id, schedule }: Stripe.Subscription): Promise<Stripe.SubscriptionSchedule> {
    const known = idOf(schedule);
    if (known !== null) return stripe.subscriptionSchedules.retrieve(known);
    try {
      return await stripe.subscriptionSchedules.create({ from_subscription: id });
    } catch (error) {
      // A second click may have created it: a subscription has at most one schedule.
      const made = idOf((await stripe.subscriptions.retrieve(id)).schedule);
      if (made === null) throw error;
      return stripe.subscriptionSchedules.retrieve(made);
    }
  }

  async function releaseSchedule({ id, schedule }: Stripe.Subscription): Promise<void> {
    const known = idOf(schedule);
    if (known === null) return;
    try {
      await stripe.subscriptionSchedules.release(known);
    } catch (error) {
      // A second click or the renewal may have released it in between.
      if (idOf((await stripe.subscriptions.retrieve(id)).schedule) === known) throw error;
    }
  }
}
