/** The reference product's chatbots, which a gauge counts. */
import { z } from "zod";
import { verdictSchema } from "@/lib/billing/schemas/usage-view";
import type { Call } from "./call";
import { count } from "./columns";

const chatbot = z.object({ id: z.uuid(), name: z.string(), createdAt: z.iso.datetime() });
export type Chatbot = z.infer<typeof chatbot>;

export function chatbotQueries(call: Call) {
  return {
    syncChatbotCount: (userId: string) =>
      call(z.object({ counted: count, actual: count, drift: count }), "sync_chatbot_count", { p_user_id: userId }),

    createChatbot: (userId: string, name: string) =>
      call(z.object({ chatbot: chatbot.nullable(), verdict: verdictSchema }), "create_chatbot", {
        p_user_id: userId,
        p_name: name,
      }),

    /** null if the user has no such chatbot. */
    renameChatbot: async (userId: string, chatbotId: string, name: string): Promise<Chatbot | null> =>
      (
        await call(z.object({ chatbot: chatbot.nullable() }), "rename_chatbot", {
          p_user_id: userId,
          p_chatbot_id: chatbotId,
          p_name: name,
        })
      ).chatbot,

    deleteChatbot: (userId: string, chatbotId: string) =>
      call(z.object({ deleted: z.boolean() }), "delete_chatbot", { p_user_id: userId, p_chatbot_id: chatbotId }),

    chatbots: (userId: string) => call(z.array(chatbot), "list_chatbots", { p_user_id: userId }),
  };
}
