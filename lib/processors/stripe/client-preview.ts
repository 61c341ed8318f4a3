/** Previews the cost of a plan change at Stripe. */
import type Stripe from "stripe";
import type { Instant } from "@/lib/billing/types";
import type { FindPrice } from "@/lib/config/catalog";
import { planItemIn } from "../plan-item";
import type { ChangePreview, PlanChange } from "../processor-client";
import { COLLECTION_EXPANSIONS, collectionOf } from "./client-collection";
import { readDiscounts, readDue, requireTaxAddress, retrieveWithDiscounts } from "./client-money";
import { isPendingChangeTo, newCycle, type StripePlanItem } from "./client-plan";
import { chargedUntil } from "./client-read";
import { readInstant, readMoney } from "./client-values";
import { idOf } from "./reference";

/** Throws the errors of Stripe's SDK, and `ProcessorError`. */
export async function previewChange(
  stripe: Stripe,
  { subscription, priceId, timing }: PlanChange,
  findPrice: FindPrice,
): Promise<ChangePreview> {
  const current = await retrieveWithDiscounts(stripe, subscription, COLLECTION_EXPANSIONS.expand);
  const { collection, days: collectionDays } = collectionOf(current);
  const plan = planItemIn(current.items.data, priceId, findPrice);
  const cycle = newCycle(current, plan);
  const details = { items: [{ id: plan.item.id, price: priceId, quantity: plan.item.quantity ?? 1 }], ...cycle };
  const now = timing === "now" && chargesNow(current, plan) ? await invoiceOfChange() : null;
  const charged = { ...(now === null ? { dueNow: null } : readDue(now)), collection, collectionDays };
  const at = nextChargeAt();
  const kept = keptDiscounts(current.discounts, { at, charges: now !== null });
  const discounts = kept.every((each) => typeof each === "string") ? [] : readDiscounts(kept);
  if (current.cancel_at_period_end || current.cancel_at !== null) return { ...charged, discounts, nextCharge: null };
  const recurring = await stripe.invoices.createPreview({
    subscription: current.id,
    preview_mode: "recurring",
    subscription_details: { ...details, proration_behavior: "none" },
    // Sent only if some have ended by then: without the parameter, the preview applies all discounts of the subscription.
    ...(kept.length < current.discounts.length && { discounts: namedDiscounts(kept) }),
  });
  requireTaxAddress(recurring);
  return { ...charged, discounts, nextCharge: { ...readMoney(recurring.total, recurring.currency), at } };

  /** A change that waits for its payment has an invoice already. Otherwise Stripe previews one. */
  async function invoiceOfChange(): Promise<Stripe.Invoice> {
    const waiting = isPendingChangeTo(current, priceId) ? idOf(current.latest_invoice) : null;
    const open = waiting === null ? null : await stripe.invoices.retrieve(waiting);
    if (open?.status === "open") return open;
    return stripe.invoices.createPreview({
      subscription: current.id,
      preview_mode: "next",
      subscription_details: { ...details, proration_behavior: "always_invoice" },
    });
  }

  function nextChargeAt(): Instant {
    const periodEnd = readInstant("current_period_end", plan.item.current_period_end);
    if (now === null || !("billing_cycle_anchor" in cycle)) return periodEnd;
    return chargedUntil(now) ?? periodEnd;
  }
}

/** Whether the change is charged now. A trial has no charge to prorate; its end charges the new price. */
function chargesNow({ status }: Stripe.Subscription, { changes }: StripePlanItem): boolean {
  return changes && status !== "trialing";
}

type Discounts = Stripe.Subscription["discounts"];

/** The discounts that reduce the next charge. Those named by id only are kept, since their end is unknown. */
function keptDiscounts(discounts: Discounts, { at, charges }: { at: Instant; charges: boolean }): Discounts {
  return discounts.filter((discount) => {
    if (typeof discount === "string") return true;
    const { end, source } = discount;
    if (end !== null && readInstant("discount.end", end) <= at) return false;
    const { coupon } = source;
    const once = coupon !== null && typeof coupon !== "string" && coupon.duration === "once";
    return !(once && charges);
  });
}

function namedDiscounts(discounts: Discounts): "" | { discount: string }[] {
  return discounts.length === 0 ? "" : discounts.map((discount) => ({ discount: idOf(discount) }));
}
