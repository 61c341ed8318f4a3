import { z } from "zod";
import { MINUTE } from "@/lib/billing/period";
import { adjustmentOf } from "../objects";
import { PaddleProblem } from "../problem";
import { sumOf } from "../proration";
import { tellAdjustment } from "../tell";
import { type Adjustment, nextId } from "../world";
import { endpoint, find, page, several, text } from "./endpoint";

/** In Paddle's own sandbox somebody looks at refunds every ten minutes, and approves them. */
const APPROVAL = 10 * MINUTE;

export const adjustments = [
  endpoint({
    method: "GET",
    path: "/adjustments",
    params: z.strictObject({
      ...page,
      transaction_id: several.optional(),
      subscription_id: several.optional(),
      action: z.literal("refund").optional(),
    }),
    of: ({ transaction_id = [], subscription_id = [] }) => ({ all: [...transaction_id, ...subscription_id] }),
    act: ({ world }, { transaction_id, subscription_id }) =>
      world.adjustments
        .filter(
          ({ transaction, subscription }) =>
            (transaction_id?.includes(transaction) ?? true) && (subscription_id?.includes(subscription ?? "") ?? true),
        )
        .map((adjustment) => adjustmentOf(world, adjustment)),
  }),
  endpoint({
    method: "POST",
    path: "/adjustments",
    params: z.strictObject({
      action: z.literal("refund"),
      type: z.literal("full"),
      reason: text,
      transaction_id: text,
    }),
    of: ({ transaction_id }) => ({ object: transaction_id }),
    status: 201,
    act: (turn, { transaction_id }) => {
      const { world, now } = turn;
      const transaction = find(world, "transactions", transaction_id);
      if (transaction.status !== "completed" || transaction.customer === null) {
        throw new PaddleProblem(
          400,
          "adjustment_transaction_invalid_status_for_refund",
          "transaction is not completed",
        );
      }
      if (world.adjustments.some((each) => each.transaction === transaction_id)) {
        throw new PaddleProblem(400, "adjustment_pending_refund_request", "a refund has been asked for already");
      }
      const adjustment: Adjustment = {
        id: nextId(world, "adj"),
        action: "refund",
        status: "pending_approval",
        transaction: transaction_id,
        subscription: transaction.subscription,
        customer: transaction.customer,
        amount: sumOf(transaction.lines),
        at: now,
        approvesAt: now + APPROVAL,
      };
      world.adjustments.push(adjustment);
      tellAdjustment(turn, adjustment, "created");
      return adjustmentOf(world, adjustment);
    },
  }),
];
