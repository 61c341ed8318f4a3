/** Explanations with numbers for admins: windows, refusals and subscriptions. Pure. */

import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import type { ProductId } from "@/lib/config/catalog";
import { isProductId, product as productOf } from "@/lib/config/current-catalog";
import type { WindowRow } from "@/lib/database";
import { formatCount, formatNumber, formatTime, type TimeFormat } from "@/lib/messages/format";
import { planName, processorName } from "@/lib/messages/plan";

/** How a usage window began: its opening amounts, the credited units, and the withheld units. */
export function windowWords(window: WindowRow, reading: TimeFormat): string {
  const { product, opensBy, reason, source, opening, forgiven, unpaidHeld } = window;
  const day = (at: string) => formatTime(at, "day", reading);
  const whose = source === "free" ? "on the free plan" : `of ${source}`;
  const span = `The window from ${day(window.windowStart)} to ${day(window.windowEnd)} ${whose}`;
  const fields = Object.keys(opening).filter((field) => isProductId(product) && productOf(product).meters[field]);
  const amounts = (of: Readonly<Record<string, number>> | null) =>
    fields.flatMap((field) => {
      const value = of?.[field] ?? 0;
      return value > 0 ? [count(product, field, value, reading.locale)] : [];
    });
  const begins = amounts(opening);
  const sentences = [`${span} ${BEGAN[opensBy]} ${begins.length === 0 ? "nothing used" : `${list(begins)} used`}.`];
  const gone = amounts(forgiven);
  if (gone.length > 0)
    sentences.push(`${list(gone)} of the window before ${gone.length > 1 ? "were" : "was"} forgiven.`);
  const held = amounts(unpaidHeld);
  if (held.length > 0) sentences.push(`${list(held)} stays held back until the payment comes.`);
  return `${sentences.join(" ")} Reason: ${reason}.`;
}

const BEGAN: Record<WindowRow["opensBy"], string> = {
  reset: "was reset: it began with",
  carry_over: "carried over: it began with",
  preserve: "goes on, with",
};

/**
 * Why a use of `amount` is refused now, or that it would be allowed. Names plan, limit, window, and the used, reserved
 * and withheld units. null if the product has no such field.
 */
export function refusalWords(
  subscription: SubscriptionView,
  field: string,
  amount: number,
  reading: TimeFormat,
): { allowed: boolean; sentence: string } | null {
  const meter = subscription.meters.find((each) => each.field === field);
  if (meter === undefined) return null;
  const { product, limitPlan, plan, windowStart, resetsAt } = subscription;
  const { locale } = reading;
  const number = (value: number) => formatNumber(value, locale);
  const day = (at: string) => formatTime(at, "moment", reading);
  const more = count(product, field, amount, locale);
  const allowed = amount <= meter.remaining;
  const capped = limitPlan === plan ? "" : ` (they are on ${planName(product, plan)}, whose payment is open)`;
  const window = meter.kind === "gauge" || resetsAt === null ? "" : ` from ${day(windowStart)} to ${day(resetsAt)}`;
  const parts = [
    `${number(meter.used)} used`,
    meter.reserved > 0 ? `${number(meter.reserved)} reserved for work under way` : null,
    meter.unpaidHeld > 0 ? `${number(meter.unpaidHeld)} held until a payment comes` : null,
  ].filter((part) => part !== null);
  const own = meter.limit === planLimitOf(product, limitPlan, field) ? "" : ", a limit of their own";
  const allows = `${productOf(product).name} ${planName(product, limitPlan)}${capped} allows ${count(product, field, meter.limit, locale)}${own}${window}.`;
  const left = `${list(parts)}: ${number(meter.remaining)} left.`;
  if (allowed) return { allowed, sentence: `${allows} ${left} ${more} would be allowed.` };
  const pays = amount <= meter.remaining + meter.unpaidHeld ? " The open payment would let it pass." : "";
  const back = meter.kind === "gauge" || resetsAt === null ? "" : ` It resets on ${day(resetsAt)}.`;
  return { allowed, sentence: `${allows} ${left} ${more} would be refused.${pays}${back}` };
}

/** The subscription in one line: plan, status, processor and period end. */
export function subscriptionWords(subscription: SubscriptionView, reading: TimeFormat): string {
  const { product, plan, status, processor, interval, periodEnd, cancelAt, scheduledPlan } = subscription;
  const day = (at: string) => formatTime(at, "day", reading);
  const billed = processor === null ? "" : `, billed ${interval ?? ""} by ${processorName(processor)}`;
  const until = periodEnd === null ? "" : `, paid period to ${day(periodEnd)}`;
  const ends = cancelAt === null ? "" : `, ends on ${day(cancelAt)}`;
  const next = scheduledPlan === null ? "" : `, then ${planName(product, scheduledPlan)}`;
  return `${planName(product, plan)} (${status})${billed}${until}${ends}${next}.`;
}

function planLimitOf(product: ProductId, plan: string, field: string): number | undefined {
  return productOf(product).plans[plan]?.limits[field];
}

function count(product: string, field: string, amount: number, locale: string): string {
  const meter = isProductId(product) ? productOf(product).meters[field] : undefined;
  return formatCount(amount, meter?.unit ?? { one: "unit", many: "units" }, locale);
}

function list(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}
