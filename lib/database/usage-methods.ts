/** Users, what they use, and the things that are counted. */
import { z } from "zod";
import type { FieldId, ProductId } from "@/lib/billing/catalog";
import type { Instant } from "@/lib/billing/facts";
import { decisionViewSchema, usageViewSchema, verdictSchema } from "@/lib/usage/view";
import { type Call, iso } from "./call";

const chatbot = z.object({ id: z.uuid(), name: z.string(), createdAt: z.iso.datetime() });
export type Chatbot = z.infer<typeof chatbot>;

export function usageMethods(call: Call) {
  return {
    ensureUser: (userId: string, email: string | null, name: string | null) =>
      call(z.object({ userId: z.string(), email: z.string().nullable(), name: z.string().nullable() }), "ensure_user", {
        p_user_id: userId,
        p_email: email,
        p_name: name,
      }),

    /** Every product of a user, free ones too; plans that disagreed with the timeline are corrected on the way. */
    usage: (userId: string) =>
      call(
        usageViewSchema.extend({
          corrected: z.array(z.object({ product: z.string(), from: z.string(), to: z.string() })),
        }),
        "get_usage",
        { p_user_id: userId },
      ),

    decisions: (userId: string, limit: number) =>
      call(z.array(decisionViewSchema), "list_decisions", { p_user_id: userId, p_limit: limit }),

    consume: (userId: string, field: FieldId, amount: number, idempotencyKey?: string) =>
      call(verdictSchema, "check_and_increment_usage", {
        p_user_id: userId,
        p_field: field,
        p_amount: amount,
        p_idempotency_key: idempotencyKey ?? null,
      }),

    /** All or nothing; a verdict a charge, in their order. */
    consumeTogether: (userId: string, charges: readonly { field: FieldId; amount: number }[]) =>
      call(z.array(verdictSchema), "consume_together", { p_user_id: userId, p_charges: charges }),

    release: (userId: string, field: FieldId, amount: number, of?: string, idempotencyKey?: string) =>
      call(verdictSchema.extend({ givenBack: z.number().int() }), "release_usage", {
        p_user_id: userId,
        p_field: field,
        p_amount: amount,
        p_of: of ?? null,
        p_idempotency_key: idempotencyKey ?? null,
      }),

    validatePlanChange: (userId: string, plan: string, product: ProductId) =>
      call(
        z.object({ valid: z.boolean(), reason: z.string().nullable(), message: z.string().nullable() }),
        "validate_plan_change",
        { p_user_id: userId, p_new_plan: plan, p_product: product },
      ),

    syncChatbotCount: (userId: string) =>
      call(
        z.object({ counted: z.number().int(), actual: z.number().int(), drift: z.number().int() }),
        "sync_chatbot_count",
        { p_user_id: userId },
      ),

    createChatbot: (userId: string, name: string) =>
      call(z.object({ chatbot: chatbot.nullable(), verdict: verdictSchema }), "create_chatbot", {
        p_user_id: userId,
        p_name: name,
      }),

    deleteChatbot: (userId: string, chatbotId: string) =>
      call(z.object({ deleted: z.boolean() }), "delete_chatbot", { p_user_id: userId, p_chatbot_id: chatbotId }),

    chatbots: (userId: string) => call(z.array(chatbot), "list_chatbots", { p_user_id: userId }),

    createLedgerPartitions: (from: Instant, months: number) =>
      call(z.array(z.string()), "create_ledger_partitions", {
        p_from: new Date(from).toISOString().slice(0, 10),
        p_months: months,
      }),

    /** Sandbox only: moves one user's clock; null gives back the real time. */
    setSandboxClock: (userId: string, to: Instant | null) =>
      call(z.object({ now: z.iso.datetime() }), "set_sandbox_clock", { p_user_id: userId, p_to: iso(to) }),
  };
}
