import type { MeterView } from "@/lib/billing/schemas/usage-view";
import type { ProductId } from "@/lib/config/catalog";
import { product } from "@/lib/config/current-catalog";
import { formatCount, formatNumber } from "@/lib/messages/format";
import { meterNames } from "@/lib/messages/meter";

/** calm below 80 %, near from 80 %, full from 100 % of the available amount. */
export type MeterTone = "calm" | "near" | "full";

/** The bar in percent of its length. It always shows the limit, so above the limit the scale is the used amount. */
export interface MeterBar {
  used: number;
  /** Reserved and withheld. */
  blocked: number;
  /** The limit's position; null if it is the bar's end. */
  limitMark: number | null;
}

/** The units that are used, reserved or withheld. */
function allocated(meter: MeterView): number {
  return meter.used + meter.reserved + meter.unpaidHeld;
}

export function meterTone(meter: MeterView): MeterTone {
  if (allocated(meter) >= meter.limit) return "full";
  return allocated(meter) >= 0.8 * meter.limit ? "near" : "calm";
}

export function meterBar(meter: MeterView): MeterBar {
  const scale = Math.max(meter.limit, meter.used, 1);
  const used = (100 * meter.used) / scale;
  return {
    used,
    blocked: Math.min(100 - used, (100 * (meter.reserved + meter.unpaidHeld)) / scale),
    limitMark: meter.used > meter.limit ? (100 * meter.limit) / scale : null,
  };
}

/** The text beside a bar. */
export interface MeterWords {
  label: string;
  /** The remaining amount: "23,000" and "left". */
  answer: { figure: string; after: string };
  /** "12,000 of 35,000 words used" */
  detail: string;
  /** The reasons why a part of the bar is hatched: reserved and withheld amounts. */
  blocked: string[];
  /** The consequence of a reached or exceeded limit, and the next step. */
  advice: string | null;
}

/** A meter in words. `planName` is the plan whose limit applies. */
export function meterWords(productId: ProductId, planName: string, meter: MeterView, locale: string): MeterWords {
  const { label, unit } = meterNames(productId, meter.field);
  const number = (value: number) => formatNumber(value, locale);
  const usedOf = `${number(meter.used)} of ${formatCount(meter.limit, unit, locale)}`;
  const blocked: string[] = [];
  if (meter.reserved > 0) blocked.push(`${number(meter.reserved)} reserved for work that is still running`);
  if (meter.unpaidHeld > 0) blocked.push(`${number(meter.unpaidHeld)} withheld until your payment goes through`);

  const excess = meter.used - meter.limit;
  const over = { figure: number(excess), after: "over the limit" };
  const left = { figure: number(meter.remaining), after: "left" };
  return {
    label,
    answer: excess > 0 ? over : left,
    detail: meter.kind === "gauge" ? usedOf : `${usedOf} used`,
    blocked,
    advice: advice(meter, planName, unit, locale),
  };
}

function advice(
  meter: MeterView,
  planName: string,
  unit: { one: string; many: string },
  locale: string,
): string | null {
  const excess = meter.used - meter.limit;
  if (meter.kind === "gauge") {
    if (excess < 0) return null;
    if (excess === 0) return "To create another, delete one first.";
    const allows = `You have ${formatCount(meter.used, unit, locale)} and ${planName} allows ${formatNumber(meter.limit, locale)}.`;
    return `${allows} Nothing is deleted for you: delete ${formatNumber(excess, locale)} to be within ${planName}.`;
  }
  if (excess > 0) {
    return `That is ${formatCount(excess, unit, locale)} more than ${planName} allows. You can go on after the reset.`;
  }
  return excess === 0 ? "You can go on after the reset." : null;
}

/** A sentence for the top of the page if a meter needs attention; else null. */
export function meterAlert(productId: ProductId, meter: MeterView, locale: string): string | null {
  const tone = meterTone(meter);
  const { unit } = meterNames(productId, meter.field);
  // A gauge at its limit is normal use, for example 1 of 1, so it gets no sentence.
  if (tone === "calm" || (meter.kind === "gauge" && meter.used <= meter.limit)) return null;
  const name = product(productId).name;
  if (meter.used > meter.limit) {
    return `${name} is ${formatCount(meter.used - meter.limit, unit, locale)} over its limit.`;
  }
  if (meter.remaining === 0) return `${name} has no ${unit.many} left for now.`;
  return `${name} is close to its limit: ${formatCount(meter.remaining, unit, locale)} left.`;
}
