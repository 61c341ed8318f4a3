/** The table of chatbots, which a gauge counts. Its functions are in supabase/schemas/reference. */
import { type Gateway, line, verdictSchema } from "tollgate/server";
import { z } from "zod";

const chatbot = z.object({ id: z.uuid(), name: line({ max: 80 }), createdAt: z.iso.datetime() });
export type Chatbot = z.infer<typeof chatbot>;

const COUNTS = { countsUsage: true } as const;

/** Each throws DatabaseError. */
export function chatbotsTable({ call }: Pick<Gateway, "call">) {
  return {
    /** The chatbot is null if the plan allows no more. */
    create: (userId: string, name: string) =>
      call(
        z.object({ chatbot: chatbot.nullable(), verdict: verdictSchema }),
        "create_chatbot",
        { p_user_id: userId, p_name: name },
        COUNTS,
      ),

    /** null if the user has no such chatbot. */
    rename: async (userId: string, chatbotId: string, name: string): Promise<Chatbot | null> =>
      (
        await call(z.object({ chatbot: chatbot.nullable() }), "rename_chatbot", {
          p_user_id: userId,
          p_chatbot_id: chatbotId,
          p_name: name,
        })
      ).chatbot,

    delete: (userId: string, chatbotId: string) =>
      call(
        z.object({ deleted: z.boolean() }),
        "delete_chatbot",
        { p_user_id: userId, p_chatbot_id: chatbotId },
        COUNTS,
      ),

    list: (userId: string) => call(z.array(chatbot), "list_chatbots", { p_user_id: userId }),
  };
}
