import { z } from "zod";
import type { AccountState, Transaction } from "../account-state";
import {
  type AdjustedLine,
  partOf,
  type RemainingLine,
  remainingOf,
  requestRefund,
  requireRefundable,
  shareOf,
} from "../adjustments";
import { adjustmentOf } from "../objects";
import { invalidFields, PaddleProblem } from "../problem";
import { endpoint, find, page, several, text } from "./endpoint";

const ACTIONS = [
  "credit",
  "credit_reverse",
  "refund",
  "chargeback",
  "chargeback_reverse",
  "chargeback_warning",
  "chargeback_warning_reverse",
] as const;
const STATUSES = ["pending_approval", "approved", "rejected", "reversed"] as const;

const cents = z
  .string()
  .regex(/^\d{1,15}$/, "is a whole number of cents as text")
  .transform(Number);
const itemSchema = z.strictObject({
  item_id: text,
  type: z.enum(["full", "partial"]),
  amount: cents.nullish(),
});
const shared = {
  action: z.enum(["refund", "credit"]),
  reason: text,
  transaction_id: text,
  tax_mode: z.enum(["internal", "external"]).default("internal"),
};
const created = z.union([
  z.strictObject({ ...shared, type: z.literal("full") }),
  z.strictObject({ ...shared, type: z.literal("partial").optional(), items: z.array(itemSchema).min(1).max(100) }),
]);

export const adjustments = [
  endpoint({
    method: "GET",
    path: "/adjustments",
    params: z.strictObject({
      ...page(50, 10),
      id: several.optional(),
      transaction_id: several.optional(),
      subscription_id: several.optional(),
      customer_id: several.optional(),
      action: z.enum(ACTIONS).optional(),
      status: several.pipe(z.array(z.enum(STATUSES))).optional(),
    }),
    of: ({ id = [], transaction_id = [], subscription_id = [], customer_id = [] }) => ({
      all: [...id, ...transaction_id, ...subscription_id, ...customer_id],
    }),
    run: ({ state }, { id, transaction_id, subscription_id, customer_id, action, status }) =>
      state.adjustments
        .filter(
          (each) =>
            (id?.includes(each.id) ?? true) &&
            (transaction_id?.includes(each.transaction) ?? true) &&
            (subscription_id?.includes(each.subscription ?? "") ?? true) &&
            (customer_id?.includes(each.customer) ?? true) &&
            (action === undefined || each.action === action) &&
            (status?.includes(each.status) ?? true),
        )
        .map((adjustment) => adjustmentOf(state, adjustment)),
  }),
  endpoint({
    method: "POST",
    path: "/adjustments",
    params: created,
    of: ({ transaction_id }) => ({ object: transaction_id }),
    status: 201,
    run: (step, params) => {
      const { state } = step;
      const transaction = find(state, "transactions", params.transaction_id);
      // Paddle credits sent invoices only, and the sandbox has none.
      if (params.action === "credit") {
        throw cannot("adjustment_invalid_credit_action", "the transaction is not collected manually");
      }
      if (params.tax_mode === "external" && params.type === "full") {
        throw cannot("adjustment_tax_mode_not_allowed", "only partial refunds have amounts without tax");
      }
      requireRefundable(state, transaction);
      const type = params.type ?? "partial";
      const items =
        params.type === "full" ? shareOf(state, transaction, 1) : itemsOf(state, transaction, params.items, params);
      return adjustmentOf(state, requestRefund(step, transaction, { type, items, reason: params.reason }));
    },
  }),
];

function itemsOf(
  state: AccountState,
  transaction: Transaction,
  items: readonly z.infer<typeof itemSchema>[],
  { tax_mode }: { tax_mode: "internal" | "external" },
): AdjustedLine[] {
  const remaining = remainingOf(state, transaction);
  return items.map(({ item_id, type, amount }, index) => {
    const line = remaining.find(({ item }) => item === item_id);
    if (line === undefined) throw cannot("adjustment_transaction_item_invalid", `${item_id} cannot be adjusted`);
    if (line.total <= 0) {
      throw cannot("adjustment_transaction_item_has_already_been_fully_adjusted", `${item_id} is adjusted in full`);
    }
    if (type === "full") return partOf(line, line.total);
    if (amount === undefined || amount === null) {
      throw invalidFields({ field: `items[${index}].amount`, message: "is required for a partial adjustment" });
    }
    if (amount === 0) throw cannot("adjustment_amount_cannot_be_zero", "amount must be greater than zero");
    const gross = tax_mode === "external" ? withTax(line, amount) : amount;
    if (gross > line.total) {
      throw cannot("adjustment_amount_above_remaining_allowed", `${gross} is above the remaining ${line.total}`);
    }
    return partOf(line, gross);
  });
}

/** The amount plus the line's tax. */
function withTax({ taxShare }: RemainingLine, amount: number): number {
  return Math.round(amount / (1 - taxShare));
}

function cannot(code: string, detail: string): PaddleProblem {
  return new PaddleProblem(400, code, detail);
}
