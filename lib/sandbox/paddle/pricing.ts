/** Discount and tax of lines, and Paddle's minimum charge. Pure. */
import { paddleCurrency } from "../event-builders/currency";
import type { DiscountSpec, LineSpec } from "../event-builders/paddle/events";
import { takenOff } from "./discounts";
import { PaddleProblem } from "./problem";
import { type Country, taxRateIn } from "./tax";

interface Terms {
  discount: DiscountSpec | null;
  /** The discount with which credited lines were charged; by default `discount`. */
  credited?: DiscountSpec | null;
  /** Absent until the payer has entered it: no tax yet. */
  country?: Country | undefined;
}

/** The lines with the discount and the tax of these terms instead of their previous ones. */
export function priced(lines: readonly LineSpec[], { discount, credited = discount, country }: Terms): LineSpec[] {
  const charges = lines.filter(({ amount }) => amount > 0);
  const credits = lines.filter(({ amount }) => amount < 0);
  const off = new Map([
    ...(discount === null ? [] : takenOff(discount, charges)),
    ...(credited === null ? [] : takenOff(credited, credits)),
  ]);
  const taxRate = taxRateIn(country);
  return lines.map((line) => {
    const { discount: _, taxRate: __, ...rest } = line;
    const reduced = off.get(line);
    return { ...rest, ...(reduced && { discount: reduced }), ...(taxRate !== undefined && { taxRate }) };
  });
}

/** In cents; Paddle charges nothing, or at least this. */
export const MINIMUM_CHARGE = 70;

/** @throws PaddleProblem if the charge is below the minimum */
export function requireChargeable(due: number, code: string, before = ""): void {
  if (due <= 0 || due >= MINIMUM_CHARGE) return;
  const amounts = `Transaction balance: ${due}, Minimum payment amount: ${MINIMUM_CHARGE}, Currency code: ${paddleCurrency()}`;
  throw new PaddleProblem(400, code, `${before}Transaction balance is less than what we can charge. ${amounts}`);
}
