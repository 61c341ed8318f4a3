/** A user's decisions and details for admins. */

import { currentConfig } from "@/lib/config/current-catalog";
import type { DecisionRow, Gateway, UserDetail } from "@/lib/database";
import { activityNumbers, activityWords } from "@/lib/messages/activity";
import type { UsageView } from "@/lib/usage";

/** A decision, with the sentence that the user reads. */
export type ExplainedDecision = DecisionRow & { sentence: string };

/** A user's decisions, the latest first. @throws DatabaseError not_found */
export async function decisionsOf(userId: string, limit: number, gateway: Gateway) {
  const { decisions } = await gateway.userDetail(userId, limit);
  return { userId, decisions: decisions.map((decision) => withSentence(decision, currentConfig().locale)) };
}

/** A user's history, current usage and waiting events. @throws DatabaseError not_found */
export async function loadUserDetail(
  userId: string,
  gateway: Gateway,
): Promise<{ detail: UserDetail; usage: UsageView; waiting: Awaited<ReturnType<Gateway["webhookEvents"]>>["events"] }> {
  const detail = await gateway.userDetail(userId, 100);
  const { corrected: _, ...usage } = await gateway.usage(userId);
  const { events } = await gateway.webhookEvents({ userId, outcome: "waiting" }, null, 50);
  return { detail, usage, waiting: events };
}

function withSentence(decision: DecisionRow, locale: string): ExplainedDecision {
  const { effect, cause } = activityWords(decision);
  const numbers = activityNumbers(decision, locale);
  return { ...decision, sentence: `${effect}: ${cause}${numbers === null ? "" : ` ${numbers}`}` };
}
