/** Changes of a plan at Stripe: now, at the renewal, and the end of a pause. */
import { randomUUID } from "node:crypto";
import Stripe from "stripe";
import type { FindPrice } from "@/lib/config/catalog";
import { entityId } from "../entity-id";
import type { PlanChange, PlanChanged } from "../processor-client";
import { COLLECTED, collectionOf, paymentBehavior } from "./client-collection";
import { keepsAlready, newCycle, phasesFor, planItemOf, waitsFor } from "./client-plan";
import { idOf } from "./reference";

/** Every function throws what Stripe's SDK throws. */
export function planChanges(stripe: Stripe, findPrice: FindPrice) {
  return { changeNow, changeAtRenewal, release, resume, withdrawPending };

  /**
   * A card is charged within the request; if the charge needs the payer, Stripe keeps the old plan until it is paid. A bank
   * account is debited, or an invoice sent, after the change.
   */
  async function changeNow({ subscription, priceId }: PlanChange): Promise<PlanChanged> {
    const known = await stripe.subscriptions.retrieve(entityId(subscription), COLLECTED);
    if (waitsFor(known, priceId)) return paymentNeeded(known);
    const current = await withdrawPending(known);
    const plan = planItemOf(current, priceId, findPrice);
    const { item } = plan;
    // A second try after an answer that was lost must not change (and charge) again.
    if (!plan.changes) return { outcome: "requested" };
    await release(current);
    const changed = await stripe.subscriptions.update(
      current.id,
      {
        items: [{ id: item.id, price: priceId, quantity: item.quantity ?? 1 }],
        proration_behavior: "always_invoice",
        payment_behavior: paymentBehavior(collectionOf(known)),
        ...newCycle(current, plan),
      },
      // The key names this attempt, for the SDK's own repetition. Stripe repeats refusals for a day, so a key of the change
      // would refuse it also after a card was added. Of two attempts at once, the second finds the change made.
      { idempotencyKey: `change:${current.id}:${priceId}:${randomUUID()}` },
    );
    return changed.pending_update === null ? { outcome: "requested" } : paymentNeeded(changed);
  }

  /** Gives up an earlier change that waits for its payment: its invoice is voided, and with it Stripe forgets the change. */
  async function withdrawPending(subscription: Stripe.Subscription): Promise<Stripe.Subscription> {
    const { id, pending_update: pending, latest_invoice: latest } = subscription;
    const invoice = idOf(latest);
    if (pending === null || invoice === null) return subscription;
    try {
      await stripe.invoices.voidInvoice(invoice);
    } catch (error) {
      // It may have been paid, or have expired, in between.
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
   * Ends a pause of the subscription: a new period, which begins when its charge succeeds. A classic subscription is not
   * charged by the request to resume it, so that its invoice is paid by a second one.
   */
  async function resume(paused: Stripe.Subscription): Promise<PlanChanged> {
    // A second click: the resumption waits for its payment already.
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

  /** A schedule of Stripe's own keeps the change, so that it happens with the renewal whatever becomes of our jobs. */
  async function changeAtRenewal({ subscription, priceId }: PlanChange): Promise<PlanChanged> {
    const current = await withdrawPending(await stripe.subscriptions.retrieve(entityId(subscription)));
    const plan = planItemOf(current, priceId, findPrice);
    if (!plan.changes) {
      await release(current);
      return { outcome: "requested" };
    }
    const schedule = await scheduleOf(current);
    if (keepsAlready(schedule, priceId)) return { outcome: "requested" };
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
      // A second click: a subscription has one schedule at most.
      const made = idOf((await stripe.subscriptions.retrieve(id)).schedule);
      if (made === null) throw error;
      return stripe.subscriptionSchedules.retrieve(made);
    }
  }

  async function release({ id, schedule }: Stripe.Subscription): Promise<void> {
    const known = idOf(schedule);
    if (known === null) return;
    try {
      await stripe.subscriptionSchedules.release(known);
    } catch (error) {
      // It may have been let go in between, by a second click or by the renewal.
      if (idOf((await stripe.subscriptions.retrieve(id)).schedule) === known) throw error;
    }
  }
}
