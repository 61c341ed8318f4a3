/** Explains windows, refusals and subscriptions to admins, with their numbers. Pure. */

import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { planLimit } from "@/lib/config/catalog";
import { isProductId, product as productOf } from "@/lib/config/current-catalog";
import type { WindowRow } from "@/lib/database";
import { formatCount, formatNumber, formatTime, type TimeFormat } from "@/lib/messages/format";
import { meterNames } from "@/lib/messages/meter";
import { planName, processorName } from "@/lib/messages/plan";

/** How a usage window began: its initial usage, the credited units, and the withheld units. */
export function explainWindow(window: WindowRow, reading: TimeFormat): string {
  const { product, transitionKind, reason, source, opening, credited, unpaidHeld } = window;
  const day = (at: string) => formatTime(at, "day", reading);
  const origin = source === "free" ? "on the free plan" : `of ${source}`;
  const span = `The window from ${day(window.windowStart)} to ${day(window.windowEnd)} ${origin}`;
  const fields = Object.keys(opening).filter((field) => isProductId(product) && productOf(product).meters[field]);
  const amounts = (of: Readonly<Record<string, number>> | null) =>
    fields.flatMap((field) => {
      const value = of?.[field] ?? 0;
      return value > 0 ? [count(product, field, value, reading.locale)] : [];
    });
  const initial = amounts(opening);
  const sentences = [
    `${span} ${BEGAN[transitionKind]} ${initial.length === 0 ? "no usage" : `${list(initial)} used`}.`,
  ];
  const creditedUnits = amounts(credited);
  if (creditedUnits.length > 0) sentences.push(`Credited from the window before: ${list(creditedUnits)}.`);
  const withheld = amounts(unpaidHeld);
  if (withheld.length > 0) sentences.push(`Withheld until the payment arrives: ${list(withheld)}.`);
  return `${sentences.join(" ")} Reason: ${reason}.`;
}

const BEGAN: Record<WindowRow["transitionKind"], string> = {
  reset: "began with a reset:",
  carry_over: "began with a carry-over:",
  preserve: "continued:",
};

/**
 * Whether `amount` more units would be allowed now, and the reason: plan, limit, window, and the used, reserved and
 * withheld units.
 * @returns null if the product has no such field
 */
export function explainRefusal(
  subscription: SubscriptionView,
  field: string,
  amount: number,
  reading: TimeFormat,
): { allowed: boolean; sentence: string } | null {
  const meter = subscription.meters.find((each) => each.field === field);
  if (meter === undefined) return null;
  const { product, limitPlan, plan, quantity, windowStart, resetsAt } = subscription;
  const { locale } = reading;
  const number = (value: number) => formatNumber(value, locale);
  const day = (at: string) => formatTime(at, "moment", reading);
  const requested = count(product, field, amount, locale);
  const allowed = amount <= meter.remaining;
  const unpaidPlan = limitPlan === plan ? "" : ` (the plan is ${planName(product, plan)}, whose payment is open)`;
  const window = meter.kind === "gauge" || resetsAt === null ? "" : ` from ${day(windowStart)} to ${day(resetsAt)}`;
  const parts = [
    `${number(meter.used)} used`,
    meter.reserved > 0 ? `${number(meter.reserved)} reserved for running work` : null,
    meter.unpaidHeld > 0 ? `${number(meter.unpaidHeld)} withheld until a payment arrives` : null,
  ].filter((part) => part !== null);
  const override = meter.limit === planLimit(productOf(product), limitPlan, field, quantity) ? "" : " (limit override)";
  const allows = `${productOf(product).name} ${planName(product, limitPlan)}${unpaidPlan} allows ${count(product, field, meter.limit, locale)}${override}${window}.`;
  const left = `${list(parts)}: ${number(meter.remaining)} left.`;
  if (allowed) return { allowed, sentence: `${allows} ${left} ${requested} would be allowed.` };
  const payment = amount <= meter.remaining + meter.unpaidHeld ? " Paying the open invoice would allow it." : "";
  const reset = meter.kind === "gauge" || resetsAt === null ? "" : ` It resets on ${day(resetsAt)}.`;
  return { allowed, sentence: `${allows} ${left} ${requested} would be refused.${payment}${reset}` };
}

/** The subscription in one line: plan, status, processor and period end. */
export function describeSubscription(subscription: SubscriptionView, reading: TimeFormat): string {
  const { product, plan, status, processor, interval, periodEnd, cancelAt, scheduledPlan } = subscription;
  const day = (at: string) => formatTime(at, "day", reading);
  const billed = processor === null ? "" : `, billed ${interval ?? ""} by ${processorName(processor)}`;
  const until = periodEnd === null ? "" : `, paid period to ${day(periodEnd)}`;
  const ends = cancelAt === null ? "" : `, ends on ${day(cancelAt)}`;
  const next = scheduledPlan === null ? "" : `, then ${planName(product, scheduledPlan)}`;
  return `${planName(product, plan)} (${status})${billed}${until}${ends}${next}.`;
}

function count(product: string, field: string, amount: number, locale: string): string {
  return formatCount(amount, meterNames(product, field).unit, locale);
}

function list(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}
