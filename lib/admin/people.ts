/** Users as an admin looks at them. */
import type { DecisionRow, Gateway, UserDetail } from "@/lib/database";
import { activityNumbers, activityWords } from "@/lib/messages/activity";
import { DEFAULT_LOCALE } from "@/lib/messages/format";
import type { UsageView } from "@/lib/usage";

/** A decision and the words in which the user reads it, too. */
export type Explained = DecisionRow & { sentence: string };

/** The latest first. @throws DatabaseError not_found */
export async function decisionsOf(userId: string, limit: number, gateway: Gateway) {
  const { decisions } = await gateway.userDetail(userId, limit);
  return { userId, decisions: decisions.map((decision) => explained(decision, DEFAULT_LOCALE)) };
}

/** Everything that explains what a user may use: their story, how they stand now, and what waits for them. */
export async function explain(
  userId: string,
  gateway: Gateway,
): Promise<{ story: UserDetail; usage: UsageView; waiting: Awaited<ReturnType<Gateway["webhookEvents"]>>["events"] }> {
  const story = await gateway.userDetail(userId, 100);
  const { corrected: _, ...usage } = await gateway.usage(userId);
  const { events } = await gateway.webhookEvents({ userId, outcome: "waiting" }, null, 50);
  return { story, usage, waiting: events };
}

function explained(decision: DecisionRow, locale: string): Explained {
  const { what, why } = activityWords(decision);
  const numbers = activityNumbers(decision, locale);
  return { ...decision, sentence: `${what}: ${why}${numbers === null ? "" : ` ${numbers}`}` };
}
