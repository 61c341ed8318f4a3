/** Reference product 1: chatbots (a gauge) and the messages sent to them (a counter, in messages.ts). */

import { DomainError, gateway, limitError, line, prose } from "tollgate/server";
import { z } from "zod";
import { type Chatbot, chatbotsTable } from "./chatbots-table";

/** A chatbot's name, at creation and later. */
export const chatbotRequest = z.strictObject({
  name: line({ max: 80 }),
});
export const messageRequest = z.strictObject({
  text: prose({ max: 4_000 }),
});
const chatbotId = z.uuid();

/** @throws DomainError payment_required if the plan allows no more */
export async function createChatbot(userId: string, name: string): Promise<Chatbot> {
  const { chatbot, verdict } = await chatbotsTable(gateway()).create(userId, name);
  if (chatbot === null) throw limitError(verdict);
  return chatbot;
}

/** @throws DomainError not_found if the user has no such chatbot */
export async function renameChatbot(userId: string, id: string, name: string): Promise<Chatbot> {
  const chatbot = chatbotId.safeParse(id).success ? await chatbotsTable(gateway()).rename(userId, id, name) : null;
  if (chatbot === null) throw noSuchChatbot();
  return chatbot;
}

/** @throws DomainError not_found if the user has no such chatbot */
export async function deleteChatbot(userId: string, id: string): Promise<void> {
  const deleted = chatbotId.safeParse(id).success && (await chatbotsTable(gateway()).delete(userId, id)).deleted;
  if (!deleted) throw noSuchChatbot();
}

export function noSuchChatbot(): DomainError {
  return new DomainError("not_found", "chatbot_not_found", "There is no such chatbot.");
}
