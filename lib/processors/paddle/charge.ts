/** What a transaction pays for: a whole period, a change, the difference for an upgrade, or something else. */

import { addMonths, DAY } from "@/lib/billing/timeline/calendar";
import type { PaymentFact, UnlistedCharge } from "@/lib/billing/types";
import type { FindPrice, ListedPrice } from "@/lib/config/catalog";
import type { Transaction } from "./shape";

/** The transactions that a subscription makes by itself; on the others a plan line has no meaning here. */
const PURPOSES: Readonly<Record<string, "period" | "change">> = {
  web: "period",
  api: "period",
  subscription_recurring: "period",
  subscription_update: "change",
};

/** One line of a transaction; `total` in minor units, null where it is not said. */
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

/** The calculated lines, or the items where there are none. */
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

/** What a transaction's lines for one product pay for. The lines are not empty. */
export function chargeFor(planLines: readonly PlanLine[], transaction: Transaction): Charge {
  const purpose = purposeOf(transaction);
  if (purpose === undefined) return NOTHING;
  return purpose === "change" ? chargeForChange(planLines, transaction) : chargeForPeriod(planLines, transaction);
}

/** At a renewal, prorations of the old period may be charged along: they stand for nothing beside the whole price. */
function chargeForPeriod(planLines: readonly PlanLine[], { billing_period: period }: Transaction): Charge {
  const whole = planLines.filter(({ line }) => !isPartial(line, period));
  // Lines of one plan may be split; of two plan items the payment covers the higher.
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
 * Paddle calls an upgrade inside the period and an interval switch alike: `subscription_update`, from now. An upgrade
 * ends where the period ends anyway; a switch ends a whole interval from now, and only that names a new period. In a
 * day's doubt (months differ in length; an upgrade on a period's first day) the line's proration tells.
 */
function chargeForChange(planLines: readonly PlanLine[], { billing_period: period }: Transaction): Charge {
  const charged = proratedPlan(planLines);
  if (period === null || "problem" in charged || charged.planLine === null) return charged;
  const { line, price } = charged.planLine;
  const wholeEnd = addMonths(period.starts_at, price.interval === "yearly" ? 12 : 1);
  const off = Math.abs(period.ends_at - wholeEnd);
  const isWhole = off <= EXACTLY || (off <= DAY && !isPartial(line, period));
  return isWhole ? { ...charged, purpose: "change" } : charged;
}

/** Ends of one period are computed from instants that are told with different precision. */
const EXACTLY = 1000;

/** The plan that was changed to: the one charged most for. Where nothing is charged, nothing is confirmed. */
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
