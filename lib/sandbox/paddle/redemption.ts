/** Redeems a discount for a transaction, with Paddle's refusals. Pure. */
import type { DiscountSpec, LineSpec } from "../event-builders/paddle/events";
import { isFor } from "./discounts";
import { priced, requireChargeable } from "./pricing";
import { PaddleProblem } from "./problem";
import { sumOf } from "./proration";

/** @throws PaddleProblem if this discount cannot reduce these lines */
export function redeem(discount: DiscountSpec, lines: readonly LineSpec[]): LineSpec[] {
  if (discount.status === "expired") throw refused("discount_expired", "Discount has expired");
  if (discount.status === "used") {
    throw refused("discount_usage_limit_exceeded", "Discount usage limit has been exceeded");
  }
  if (!lines.some(({ price }) => isFor(discount, price))) {
    throw refused("transaction_discount_not_eligible", "discount is not applicable to the items of the transaction");
  }
  const reduced = priced(lines, { discount });
  requireChargeable(sumOf(reduced), "transaction_balance_less_than_charge_limit");
  return reduced;
}

function refused(code: string, detail: string): PaddleProblem {
  return new PaddleProblem(400, code, detail);
}
