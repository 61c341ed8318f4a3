/** Checkouts: at most one open per user and product. */
import { z } from "zod";
import type { Interval, Processor } from "@/lib/billing/types";
import type { ProductId } from "@/lib/config/catalog";
import type { Call } from "./call";
import { interval, processor, timestamp } from "./columns";

const storedCheckout = z.object({
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
  /** The purchased subscription is stored. */
  known: z.boolean(),
});
export type StoredCheckout = z.infer<typeof storedCheckout>;

const livingSubscription = z.object({
  subscription: z.string(),
  /** Start of its first period; null if that is not known. */
  begunAt: timestamp.nullable(),
  /** Something was used while it gave the plan. */
  used: z.boolean(),
});
export type LivingSubscription = z.infer<typeof livingSubscription>;

const duplicateCheckout = storedCheckout.extend({
  userId: z.string(),
  /** Its end and its refund have begun. */
  ending: z.boolean(),
  /** All subscriptions of the user and product that have not ended. */
  living: z.array(livingSubscription),
});
export type DuplicateCheckout = z.infer<typeof duplicateCheckout>;

const begun = z.discriminatedUnion("outcome", [
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

interface CheckoutSpec {
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
    beginCheckout: (spec: CheckoutSpec) =>
      call(begun, "begin_checkout", {
        p_user_id: spec.userId,
        p_product: spec.product,
        p_plan: spec.plan,
        p_interval: spec.interval,
        p_processor: spec.processor,
        p_trial: spec.trial,
        p_code: spec.code ?? null,
      }),

    openCheckout: (userId: string, checkout: string, externalId: string, url: string) =>
      call(z.object({ opened: z.boolean() }), "open_checkout", {
        p_user_id: userId,
        p_checkout_id: checkout,
        p_external_id: externalId,
        p_url: url,
      }),

    concludeCheckout: (
      userId: string,
      checkout: string,
      status: "paid" | "closed" | "left_open",
      subscription: string | null = null,
    ) =>
      call(z.object({ concluded: z.boolean() }), "finish_checkout", {
        p_user_id: userId,
        p_checkout_id: checkout,
        p_status: status,
        p_subscription_id: subscription,
      }),

    loadCheckout: (userId: string, checkout: string) =>
      call(storedCheckout.nullable(), "load_checkout", { p_user_id: userId, p_checkout_id: checkout }),

    /** Whether our server made this transaction for another user than this one. */
    isAnothersTransaction: async (userId: string, of: Processor, transaction: string) => {
      const { anothers } = await call(z.object({ anothers: z.boolean() }), "is_anothers_transaction", {
        p_user_id: userId,
        p_processor: of,
        p_transaction_id: transaction,
      });
      return anothers;
    },

    /** Checkouts beside a subscription whose own subscription is not known: open ones, and paid ones. */
    unsettledCheckouts: (limit: number) =>
      call(z.array(storedCheckout.extend({ userId: z.string() })), "list_unsettled_checkouts", { p_limit: limit }),

    /** Checkouts that were paid beside another subscription. */
    duplicateCheckouts: (limit: number) =>
      call(z.array(duplicateCheckout), "list_duplicate_checkouts", { p_limit: limit }),

    markDuplicateCheckout: (userId: string, checkout: string, duplicate: "ending" | "refunded" | "used") =>
      call(z.object({ used: z.boolean() }), "mark_duplicate_checkout", {
        p_user_id: userId,
        p_checkout_id: checkout,
        p_duplicate: duplicate,
      }),
  };
}
