/** A message to a chatbot and its streamed answer. The message is reserved first and settled when the answer ends. */

import { DomainError, gateway, log, type Settlement } from "tollgate/server";
import { reserveAll } from "../../_lib/reservation";
import { noSuchChatbot } from "./chatbots";
import { chatbotsTable } from "./chatbots-table";
import { answerer } from "./configured-answerer";

export type AnswerLine =
  | { type: "text"; text: string }
  /** The answer is complete and counted; `usage` is null if the settlement failed. */
  | { type: "done"; usage: Settlement | null }
  | { type: "failed"; error: string; reason: "answer_failed" };

export type AnswerLines = AsyncGenerator<AnswerLine, void>;

/**
 * Reserves one message, and returns the function that streams its answer. The count is:
 * - one message for a complete answer;
 * - none for a failed answer;
 * - none before the first word of an answer that the user stopped, one after it. Otherwise stopping before the last
 *   word would make each answer free.
 * @throws DomainError not_found if the user has no such chatbot, payment_required at the limit; then no message is
 *   reserved
 */
export async function streamAnswer(
  userId: string,
  chatbotId: string,
  text: string,
): Promise<(signal: AbortSignal) => AnswerLines> {
  const chatbot = (await chatbotsTable(gateway()).list(userId)).find(({ id }) => id === chatbotId);
  if (chatbot === undefined) throw noSuchChatbot();
  const reservation = await reserveAll(userId, [{ field: "messages_count" }]);

  return async function* stream(signal): AnswerLines {
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
      [usage = null] = await reservation.settle([cost]);
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
 * The whole answer in one piece, for callers that do not stream.
 * @throws DomainError upstream_failed if the answer failed
 */
export async function wholeAnswer(lines: AnswerLines): Promise<{ reply: string; usage: Settlement | null }> {
  let reply = "";
  for await (const line of lines) {
    if (line.type === "failed") throw new DomainError("upstream_failed", line.reason, line.error);
    if (line.type === "done") return { reply, usage: line.usage };
    reply += line.text;
  }
  throw new Error("The stream of the answer has no last line.");
}
