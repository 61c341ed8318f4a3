/** Checkouts: at most one open per user and product. */
import { z } from "zod";
import type { Interval, Processor } from "@/lib/billing/types";
import type { ProductId } from "@/lib/config/catalog";
import type { Call } from "./call";
import { interval, processor } from "./columns";

export const storedCheckout = z.object({
  id: z.uuid(),
  product: z.string(),
  plan: z.string(),
  interval: interval,
  trial: z.boolean(),
  code: z.string().nullable(),
  processor,
  /** The processor's id; null until it has answered. */
  externalId: z.string().nullable(),
  url: z.string().nullable(),
  status: z.enum(["opening", "open", "paid", "closed", "left_open"]),
  subscription: z.string().nullable(),
  /** Whether the purchased subscription is stored. */
  known: z.boolean(),
});
export type StoredCheckout = z.infer<typeof storedCheckout>;

const checkoutStart = z.discriminatedUnion("outcome", [
  z.object({
    outcome: z.literal("subscribed"),
    subscription: z.object({
      processor,
      id: z.string(),
      plan: z.string().nullable(),
      status: z.string(),
      inForce: z.boolean(),
    }),
  }),
  z.object({ outcome: z.literal("busy") }),
  z.object({ outcome: z.enum(["open", "begun"]), checkout: storedCheckout }),
]);

export interface CheckoutSpec {
  userId: string;
  product: ProductId;
  plan: string;
  interval: Interval;
  processor: Processor;
  trial: boolean;
  /** The checkout's promotion code. */
  code?: string | undefined;
}

export function checkoutQueries(call: Call) {
  return {
    /**
     * Stores a checkout before the processor creates it. `begun`: the caller creates it. `open`: an earlier one is open or
     * paid. `busy`: another request creates one. `subscribed`: the user changes the subscription instead.
     */
    beginCheckout: (spec: CheckoutSpec) =>
      call(checkoutStart, "begin_checkout", {
        p_user_id: spec.userId,
        p_product: spec.product,
        p_plan: spec.plan,
        p_interval: spec.interval,
        p_processor: spec.processor,
        p_trial: spec.trial,
        p_code: spec.code ?? null,
      }),

    /** Links a created checkout to its user. `opened: false` if another request opened one meanwhile. */
    openCheckout: (userId: string, checkout: string, externalId: string, url: string) =>
      call(z.object({ opened: z.boolean() }), "open_checkout", {
        p_user_id: userId,
        p_checkout_id: checkout,
        p_external_id: externalId,
        p_url: url,
      }),

    /** Stores the processor's result. A checkout that is paid or closed keeps its status. */
    finishCheckout: (
      userId: string,
      checkout: string,
      status: "paid" | "closed" | "left_open",
      subscription: string | null = null,
    ) =>
      call(z.object({ finished: z.boolean() }), "finish_checkout", {
        p_user_id: userId,
        p_checkout_id: checkout,
        p_status: status,
        p_subscription_id: subscription,
      }),

    loadCheckout: (userId: string, checkout: string) =>
      call(storedCheckout.nullable(), "load_checkout", { p_user_id: userId, p_checkout_id: checkout }),

    /** Whether our server made this transaction for another user. */
    isOtherUsersTransaction: async (userId: string, of: Processor, transaction: string) => {
      const { other } = await call(z.object({ other: z.boolean() }), "is_other_users_transaction", {
        p_user_id: userId,
        p_processor: of,
        p_transaction_id: transaction,
      });
      return other;
    },
  };
}
