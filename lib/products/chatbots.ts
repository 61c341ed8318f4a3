/** Reference product 1: chatbots that exist (a gauge) and messages sent to them (a counter). */
import { z } from "zod";
import { type Chatbot, gateway } from "@/lib/database";
import { HttpError } from "@/lib/http";
import { refusal } from "@/lib/usage";

const oneLine = /^[^\p{Cc}\p{Cs}]+$/u;
export const createRequest = z.strictObject({
  name: z
    .string({ error: "is a text" })
    .trim()
    .min(1, { error: "is empty" })
    .max(80, { error: "is longer than 80 characters" })
    .regex(oneLine, { error: "is one line" }),
});
export const messageRequest = z.strictObject({
  text: z.string({ error: "is a text" }).trim().min(1, { error: "is empty" }).max(4_000),
});
const chatbotId = z.uuid();

/** @throws HttpError 402 where the plan has room for no more */
export async function createChatbot(userId: string, name: string): Promise<Chatbot> {
  const { chatbot, verdict } = await gateway().createChatbot(userId, name);
  if (chatbot === null) throw refusal(verdict);
  return chatbot;
}

/** @throws HttpError 404 for one that is not there, or not this user's */
export async function deleteChatbot(userId: string, id: string): Promise<void> {
  const deleted = chatbotId.safeParse(id).success && (await gateway().deleteChatbot(userId, id)).deleted;
  if (!deleted) throw notFound();
}

/**
 * One message's answer. The route charges it before, and gives it back where there is no such chatbot.
 * @throws HttpError 404
 */
export async function replyTo(userId: string, id: string, text: string): Promise<string> {
  const chatbot = (await gateway().chatbots(userId)).find((known) => known.id === id);
  if (chatbot === undefined) throw notFound();
  return reply(chatbot.name, text);
}

/** Stands where a model's answer would be. */
function reply(name: string, text: string): string {
  const question = text.trim().endsWith("?");
  return question
    ? `${name} here. You asked: “${text}” I would look that up for you.`
    : `${name} here. I have noted: “${text}”`;
}

function notFound(): HttpError {
  return new HttpError(404, "chatbot_not_found", "There is no such chatbot.");
}
