/** What a transaction pays for: a whole period, a change, the difference for an upgrade, or something else. */
import type { FindPrice, Price } from "@/lib/billing/catalog";
import type { PaymentFact } from "@/lib/billing/facts";
import { addMonths, DAY } from "@/lib/billing/period";
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
  total: number | null;
  /** Present where only a part of a period is charged; its `rate` is that part. */
  proration: { rate: number | null } | null;
}

export interface PlanLine {
  line: Line;
  price: Price;
}

/** The calculated lines, or the items where there are none. */
export function linesOf({ details, items }: Transaction): Line[] {
  const calculated = details?.line_items ?? [];
  if (calculated.length > 0) {
    return calculated.map((line) => ({
      priceId: line.price_id,
      total: line.totals?.total ?? null,
      proration: line.proration,
    }));
  }
  return (items ?? []).map((item) => ({
    priceId: item.price?.id ?? item.price_id,
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

/** Whether a subscription's plan is charged by such a transaction. */
export function makesPeriods(transaction: Transaction): boolean {
  return purposeOf(transaction) !== undefined;
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
  const [whole, ...others] = planLines.filter(({ line }) => !isPartial(line));
  if (whole === undefined) return proratedPlan(planLines);
  // Lines of one plan may be split; only another plan is a contradiction.
  if (others.some(({ price }) => price.plan !== whole.price.plan || price.interval !== whole.price.interval)) {
    return { problem: "ambiguous_plan_items" };
  }
  if (period !== null && period.ends_at <= period.starts_at) return { problem: "invalid_period" };
  return { purpose: "period", planLine: whole };
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
  const isWhole = off <= EXACTLY || (off <= DAY && !isPartial(line));
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

function isPartial({ proration }: Line): boolean {
  return proration !== null && (proration.rate ?? 0) < 1;
}
