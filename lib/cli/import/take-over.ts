/** Links one subscription of the list to its user, and adds its state as every other fetch does. */
import type { Processor } from "@/lib/billing/types";
import type { Gateway } from "@/lib/database";
import type { ProcessorClient, SubscriptionReading } from "@/lib/processors/processor-client";
import type { ListedSubscription, SubscriptionList } from "@/lib/processors/subscription-list";
import { reconcile } from "@/lib/webhooks/refresh";

/**
 * A webhook may have arrived since the page was listed, so a subscription that has facts by then is fetched again. If every
 * product has its facts before, nothing is written: webhooks and the daily reconciliation keep it.
 * @throws ProcessorError, DatabaseError
 */
export async function takeOver(
  processor: Processor,
  { id, reading, pastTrial }: ListedSubscription,
  userId: string,
  list: Pick<SubscriptionList, "fetch">,
  gateway: Gateway,
): Promise<"imported" | "known" | "conflict"> {
  const trialIds = new Set(pastTrial.map(({ fact }) => fact.id));
  const add = async (read: () => Promise<SubscriptionReading>) => {
    const subscription: ProcessorClient["subscription"] = async () => {
      const latest = await read();
      return { ...latest, identity: { ...latest.identity, trustedUserId: userId } };
    };
    return (await reconcile({ userId, processor, subscription: id }, { subscription }, gateway)).outcome;
  };
  async function known() {
    const all = await Promise.all(
      reading.facts.map(async ({ product }) => {
        const { facts } = await gateway.loadTimeline(userId, product, id);
        const own = facts.filter((fact) => fact.processor === processor && fact.subscription === id);
        return { trial: own.some((fact) => trialIds.has(fact.id)), state: own.some((fact) => !trialIds.has(fact.id)) };
      }),
    );
    return {
      trial: all.every((each) => each.trial),
      any: all.some(({ state }) => state),
      all: all.every(({ state }) => state),
    };
  }

  const before = await known();
  const lacksTrial = pastTrial.length > 0 && !before.trial;
  // The processor dated the trial: its facts sort before those that have arrived.
  const past: SubscriptionReading = { ...reading, facts: pastTrial, shared: null, timestampSource: "processor" };
  if (lacksTrial && (await add(async () => past)) === "not_theirs") return "conflict";
  if (before.all) return lacksTrial ? "imported" : "known";
  // Runs after `reconcile` has read the latest facts.
  const outcome = await add(async () => ((await known()).any ? list.fetch(id) : reading));
  return outcome === "not_theirs" ? "conflict" : "imported";
}
