/** Finds the purpose of a transaction: a whole period, a change, the proration of an upgrade, or something else. */

import { addMonths, DAY_MS } from "@/lib/billing/timeline/calendar";
import type { PaymentFact, UnlistedCharge } from "@/lib/billing/types";
import type { FindPrice, ListedPrice } from "@/lib/config/catalog";
import type { Transaction } from "./shape";

/** The transactions that a subscription generates. In others, a plan line is ignored. */
const PURPOSES: Readonly<Record<string, "period" | "change">> = {
  web: "period",
  api: "period",
  subscription_recurring: "period",
  subscription_update: "change",
};

/** One line of a transaction; `total` in minor units, null if absent. */
export interface Line {
  priceId: string | null;
  /** The processor's product that the price belongs to. */
  productId: string | null;
  total: number | null;
  /** The part of a period that is charged; a `rate` of 1 over the whole period is no proration. */
  proration: { rate: number | null; billing_period: Period | null } | null;
}

interface Period {
  starts_at: number;
  ends_at: number;
}

export interface PlanLine {
  line: Line;
  price: ListedPrice;
}

/** The calculated lines; the items if there are none. */
export function linesOf({ details, items }: Transaction): Line[] {
  const calculated = details?.line_items ?? [];
  if (calculated.length > 0) {
    return calculated.map((line) => ({
      priceId: line.price_id,
      productId: line.product?.id ?? null,
      total: line.totals?.total ?? null,
      proration: line.proration,
    }));
  }
  return (items ?? []).map((item) => ({
    priceId: item.price?.id ?? item.price_id,
    productId: item.price?.product_id ?? null,
    total: null,
    proration: item.proration,
  }));
}

export function findPlanLines(transaction: Transaction, findPrice: FindPrice): PlanLine[] {
  return linesOf(transaction).flatMap((line) => {
    const price = line.priceId === null ? undefined : findPrice(line.priceId);
    return price === undefined ? [] : [{ line, price }];
  });
}

/** The lines with prices that the catalog does not list: an add-on's, or a plan's at a price of its own. */
export function unlistedCharges(transaction: Transaction, findPrice: FindPrice): UnlistedCharge[] {
  const { billing_period: period } = transaction;
  const valid = period !== null && period.ends_at > period.starts_at;
  return linesOf(transaction).flatMap((line): UnlistedCharge[] => {
    if (line.priceId !== null && findPrice(line.priceId) !== undefined) return [];
    const isCharged = line.total === null || line.total > 0;
    const purpose = purposeOf(transaction);
    const partial = purpose === "change" || isPartial(line, period);
    return [
      {
        id: null,
        product: line.productId,
        price: line.priceId,
        purpose: purpose === undefined || !isCharged ? "other" : partial ? "proration" : "period",
        periodStart: valid ? period.starts_at : null,
        periodEnd: valid ? period.ends_at : null,
      },
    ];
  });
}

function purposeOf({ origin }: Transaction): "period" | "change" | undefined {
  return origin !== null && Object.hasOwn(PURPOSES, origin) ? PURPOSES[origin] : undefined;
}

export type Charge = { purpose: PaymentFact["purpose"]; planLine: PlanLine | null } | { problem: string };

const NOTHING: Charge = { purpose: "other", planLine: null };

/** The charge of a transaction's lines for one product. The lines are not empty. */
export function chargeFor(planLines: readonly PlanLine[], transaction: Transaction): Charge {
  const purpose = purposeOf(transaction);
  if (purpose === undefined) return NOTHING;
  return purpose === "change" ? chargeForChange(planLines, transaction) : chargeForPeriod(planLines, transaction);
}

/** A renewal may also charge prorations of the old period; they are ignored beside the whole price. */
function chargeForPeriod(planLines: readonly PlanLine[], { billing_period: period }: Transaction): Charge {
  const whole = planLines.filter(({ line }) => !isPartial(line, period));
  // Lines of one plan may be split. Of two plan items, the payment covers the higher plan.
  const rank = ({ price }: PlanLine) => price.rank;
  const planLine = whole.reduce<PlanLine | null>(
    (best, next) => (best && rank(best) >= rank(next) ? best : next),
    null,
  );
  if (planLine === null) return proratedPlan(planLines);
  if (period !== null && period.ends_at <= period.starts_at) return { problem: "invalid_period" };
  return { purpose: "period", planLine };
}

/**
 * Paddle calls both an upgrade inside the period and an interval switch `subscription_update`, from now. An upgrade
 * ends with the present period. A switch ends a whole interval from now, and only it begins a new period. If the end
 * differs by up to a day, the line's proration decides. Months differ in length, and an upgrade may come on a period's
 * first day.
 */
function chargeForChange(planLines: readonly PlanLine[], { billing_period: period }: Transaction): Charge {
  const charged = proratedPlan(planLines);
  if (period === null || "problem" in charged || charged.planLine === null) return charged;
  const { line, price } = charged.planLine;
  const wholeEnd = addMonths(period.starts_at, price.interval === "yearly" ? 12 : 1);
  const off = Math.abs(period.ends_at - wholeEnd);
  const isWhole = off <= EXACTLY || (off <= DAY_MS && !isPartial(line, period));
  return isWhole ? { ...charged, purpose: "change" } : charged;
}

/** Milliseconds that the ends of one period may differ: Paddle writes instants with different precision. */
const EXACTLY = 1000;

/** The new plan: the one with the largest charge. Without a charge, no plan is confirmed. */
function proratedPlan(planLines: readonly PlanLine[]): Charge {
  const charged = planLines.filter(({ line }) => line.total === null || line.total > 0);
  const planLine = charged.reduce<PlanLine | null>(
    (best, next) => (best !== null && (best.line.total ?? 0) >= (next.line.total ?? 0) ? best : next),
    null,
  );
  return planLine === null ? NOTHING : { purpose: "proration", planLine };
}

/** Whether a line charges for less than the transaction's period. */
export function isPartial({ proration }: Line, period: Period | null): boolean {
  if (proration === null) return false;
  const { rate, billing_period: part } = proration;
  if ((rate ?? 0) < 1) return true;
  if (part === null || period === null) return false;
  return part.starts_at > period.starts_at + EXACTLY || part.ends_at < period.ends_at - EXACTLY;
}
