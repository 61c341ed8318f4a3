/** A user's decisions and details for admins. */
import type { DecisionLine, Gateway, UserStory } from "@/lib/database";
import { trailNumbers, trailWords } from "@/lib/messages/activity";
import { DEFAULT_LOCALE } from "@/lib/messages/format";
import type { UsageView } from "@/lib/usage";

/** A decision, with the sentence that the user reads. */
export type ExplainedDecision = DecisionLine & { sentence: string };

/** A user's decisions, the latest first. @throws DatabaseError not_found */
export async function decisionsOf(userId: string, limit: number, gateway: Gateway) {
  const { decisions } = await gateway.userStory(userId, limit);
  return { userId, decisions: decisions.map((decision) => withSentence(decision, DEFAULT_LOCALE)) };
}

/** A user's history, current usage and waiting events. @throws DatabaseError not_found */
export async function explain(
  userId: string,
  gateway: Gateway,
): Promise<{ story: UserStory; usage: UsageView; waiting: Awaited<ReturnType<Gateway["webhookEvents"]>>["events"] }> {
  const story = await gateway.userStory(userId, 100);
  const { corrected: _, ...usage } = await gateway.usage(userId);
  const { events } = await gateway.webhookEvents({ userId, outcome: "waiting" }, null, 50);
  return { story, usage, waiting: events };
}

function withSentence(decision: DecisionLine, locale: string): ExplainedDecision {
  const { what, why } = trailWords(decision);
  const numbers = trailNumbers(decision, locale);
  return { ...decision, sentence: `${what}: ${why}${numbers === null ? "" : ` ${numbers}`}` };
}
