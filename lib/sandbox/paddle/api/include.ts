/** Related entities of a transaction that the request names in `include`. */
import { z } from "zod";
import { discountEntity } from "../../event-builders/paddle/events";
import type { AccountState, Transaction } from "../account-state";
import { discountNamed } from "../discounts";
import { addressOf, adjustmentOf, customerOf, transactionOf } from "../objects";
import { adjustmentsTotalsOf } from "../paid-back";
import { several } from "./endpoint";

const INCLUDES = ["address", "adjustment", "adjustments_totals", "business", "customer", "discount"] as const;
type Include = (typeof INCLUDES)[number];

export const include = several.pipe(z.array(z.enum(INCLUDES))).optional();

export function transactionWith(state: AccountState, transaction: Transaction, wanted: readonly Include[] = []) {
  const { customer, adjustments } = state;
  const known = customer.exists && transaction.customer !== null;
  const discount = discountNamed(transaction.discountId);
  const parts: Readonly<Record<Include, () => object>> = {
    address: () => ({ address: known && transaction.status !== "draft" ? addressOf(state) : null }),
    adjustment: () => ({
      adjustments: adjustments
        .filter((each) => each.transaction === transaction.id)
        .map((each) => adjustmentOf(state, each)),
    }),
    adjustments_totals: () => ({ adjustments_totals: adjustmentsTotalsOf(state, transaction.id) }),
    business: () => ({ business: null }),
    customer: () => ({ customer: known ? customerOf(state) : null }),
    discount: () => ({ discount: discount && discountEntity(discount) }),
  };
  return Object.assign(transactionOf(state, transaction), ...wanted.map((each) => parts[each]()));
}
