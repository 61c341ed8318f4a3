/** Verifies, parses and folds the same deliveries on a copy; stores nothing. */

import { decide, foldKnown } from "@/lib/billing/timeline/build-timeline";
import type { Fact } from "@/lib/billing/types";
import { product as productOf } from "@/lib/config/current-catalog";
import { type Delivered, endpointOf, signed } from "./deliver";
import type { UserFacts } from "./prepare-scenario";
import type { EventToDeliver } from "./subscription-driver";

/** A copy of the user's facts, to which events are delivered one after the other. */
export function copyOf({ product, facts, others, freeAnchor }: UserFacts) {
  const rules = productOf(product);
  let known: readonly Fact[] = facts;
  const decided = new Map<string, Delivered>();
  const timeline = () => foldKnown(rules, { facts: known, others, freeAnchor });

  function answer({ processor, id, type, raw }: EventToDeliver): Delivered {
    const configured = endpointOf(processor);
    const { source, secrets, findPrice } = configured;
    const verification = source.verify(raw, signed(raw, configured), secrets, Date.now());
    if (!verification.valid) return { id, type, outcome: "refused", reason: verification.reason };
    const parsed = source.parse(raw);
    if (!parsed.ok) return { id, type, outcome: "refused", reason: parsed.reason };
    const normalized = source.normalize(parsed.event, findPrice);
    if (normalized.outcome === "unpriced") {
      const { fact } = normalized;
      const isKnown = known.some(({ subscription }) => subscription === fact.subscription);
      return isKnown ? add(parsed.event, [fact]) : { id, type, outcome: "quarantined", reason: "unknown_price" };
    }
    if (normalized.outcome !== "facts") return { id, type, outcome: normalized.outcome, reason: normalized.reason };
    const own = normalized.facts.filter((entry) => entry.product === product).map(({ fact }) => fact);
    return add(parsed.event, own);
  }

  function add({ id, type }: Pick<EventToDeliver, "id" | "type">, added: readonly Fact[]): Delivered {
    const before = timeline();
    known = [...known, ...added];
    return { id, type, outcome: "applied", decision: decide(before, timeline(), added) };
  }

  return {
    timeline,
    deliver: (event: EventToDeliver): Delivered => {
      const earlier = decided.get(event.id);
      if (earlier !== undefined) return { ...earlier, outcome: "duplicate" };
      const delivered = answer(event);
      decided.set(event.id, delivered);
      return delivered;
    },
  };
}
