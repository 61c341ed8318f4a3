/** A message to a chatbot and its answer, told while it is made: held first, settled when it ends, however it ends. */
import { gateway } from "@/lib/database";
import { HttpError } from "@/lib/http";
import { log } from "@/lib/observability";
import type { Settlement } from "@/lib/usage";
import { hold } from "../../_lib/reservation";
import { answerer } from "./answerer";
import { noSuchChatbot } from "./chatbots";

export type AnswerLine =
  | { type: "text"; text: string }
  /** The answer is whole and counted; `usage` is null where counting had to be given up. */
  | { type: "done"; usage: Settlement | null }
  | { type: "failed"; error: string; reason: "answer_failed" };

export type AnswerLines = AsyncGenerator<AnswerLine, void>;

/**
 * Holds one message, and gives what tells its answer. What counts:
 * - an answer that ended counts one message;
 * - one that failed counts nothing;
 * - one that its reader stopped counts nothing before its first word, and one message after it. Otherwise every answer
 *   could be read for nothing, by leaving before its last word.
 * @throws HttpError 404 for a chatbot that is not there or not this user's, 402 at the limit; nothing is held then
 */
export async function openAnswer(
  userId: string,
  chatbotId: string,
  text: string,
): Promise<(signal: AbortSignal) => AnswerLines> {
  const chatbot = (await gateway().chatbots(userId)).find(({ id }) => id === chatbotId);
  if (chatbot === undefined) throw noSuchChatbot();
  const held = await hold(userId, [{ field: "messages_count" }]);

  return async function* tell(signal): AnswerLines {
    let cost = 0;
    let failed = false;
    let usage: Settlement | null = null;
    try {
      for await (const piece of answerer.answer({ chatbot: chatbot.name, text }, signal)) {
        cost = 1;
        yield { type: "text", text: piece };
      }
      cost = 1;
    } catch (error) {
      if (!signal.aborted) {
        cost = 0;
        failed = true;
        log.error({ userId, chatbotId, error: String(error) }, "[Chatbots] An answer failed");
      }
    } finally {
      [usage = null] = await held.settle([cost]);
    }
    yield failed ? FAILED : { type: "done", usage };
  };
}

const FAILED = {
  type: "failed",
  error: "That answer broke off. It was not counted; please try again.",
  reason: "answer_failed",
} as const;

/**
 * The whole answer at once, for callers that do not read along.
 * @throws HttpError 502 where it failed
 */
export async function wholeAnswer(lines: AnswerLines): Promise<{ reply: string; usage: Settlement | null }> {
  let reply = "";
  for await (const line of lines) {
    if (line.type === "failed") throw new HttpError(502, line.reason, line.error);
    if (line.type === "done") return { reply, usage: line.usage };
    reply += line.text;
  }
  throw new Error("The answer ended without an end.");
}
