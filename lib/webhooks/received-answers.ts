/** One call stores a delivery and reads the data for its decision. The first reads of the decision are answered from it. */
import { withoutPlan } from "@/lib/billing/timeline/plan-items";
import type { Fact } from "@/lib/billing/types";
import type { ProductId } from "@/lib/config/catalog";
import type { EventPlan, Gateway, Received } from "@/lib/database";
import { type Assessment, isFinal, resultOf } from "./process-event";

/** The outcome of the event, or the reads of its decision. */
export function planOf(assessed: Assessment): EventPlan {
  if (isFinal(assessed)) return { result: resultOf(assessed) };
  const { identity } = assessed;
  if (assessed.outcome === "unpriced") {
    const { subscription } = assessed.fact;
    return { reads: { identity, facts: { subscription, products: [], shared: true } } };
  }
  const [first] = assessed.facts;
  if (first === undefined) return { reads: { identity, facts: null } };
  const { subscription } = first.fact;
  const products = [...new Set(assessed.facts.map(({ product }) => product))];
  return { reads: { identity, facts: { subscription, products, shared: withoutPlan(first.fact) !== null } } };
}

/**
 * The gateway for the decision of one delivery. It knows the answers to the first reads, and asks the database for all
 * others. The answers end when a commit is refused, since another transaction has changed the facts, and when a timeline
 * of the user is read that they lack.
 *
 * The known products hold until then. An event that makes a product known has a fact with an item list. If it
 * commits after the timelines were read, commit_timeline refuses the first commit of this delivery. If it commits after
 * that, it reads the facts of this delivery itself.
 */
export function withReceived(plan: EventPlan | null, received: Received, gateway: Gateway): Gateway {
  const subscription = plan !== null && "reads" in plan ? plan.reads.facts?.subscription : undefined;
  const userId = received.links?.userId;
  let { links } = received;
  let finished = plan !== null && "result" in plan;
  let answers: Pick<Received, "knownProducts" | "timelines"> | null = received;
  const committed: { product: ProductId; facts: readonly Fact[] }[] = [];

  return {
    ...gateway,
    async finishWebhookEvent(event, result) {
      if (!finished) return gateway.finishWebhookEvent(event, result);
      finished = false;
      return { outcome: result.outcome, reason: result.reason, decision: null };
    },
    async resolveLinks(processor, identity) {
      if (links === null) return gateway.resolveLinks(processor, identity);
      const resolved = links;
      links = null;
      return resolved;
    },
    async knownProducts(user, processor, of) {
      const known = user === userId && of === subscription ? answers?.knownProducts : null;
      return known ?? gateway.knownProducts(user, processor, of);
    },
    async loadLatest(user, product, of) {
      const found = answers?.timelines.find((entry) => entry.product === product);
      if (user !== userId) return gateway.loadLatest(user, product, of);
      if (answers === null || found === undefined || of !== subscription) {
        answers = null;
        return gateway.loadLatest(user, product, of);
      }
      answers = { ...answers, timelines: answers.timelines.filter((entry) => entry !== found) };
      return { ...found.timeline, others: withCommitted(found.timeline, committed) };
    },
    async loadTimeline(user, product, of) {
      if (user === userId) answers = null;
      return gateway.loadTimeline(user, product, of);
    },
    async commitTimeline(input) {
      const result = await gateway.commitTimeline(input);
      if (!result.committed) answers = null;
      else if (input.userId === userId) committed.push(input);
      return result;
    },
  };
}

/** The other products' facts, with those that this delivery has committed since they were read. */
function withCommitted(
  { others }: Received["timelines"][number]["timeline"],
  committed: readonly { product: ProductId; facts: readonly Fact[] }[],
): Fact[] {
  // Of a fact that several products have, load_timeline returns that of the first product.
  const added = committed.toSorted((a, b) => (a.product < b.product ? -1 : 1)).flatMap(({ facts }) => facts);
  return [...new Map([...added.toReversed(), ...others.toReversed()].map((fact) => [fact.id, fact])).values()];
}
