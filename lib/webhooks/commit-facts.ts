/** Commits facts of a delivery, a fetched subscription or a schedule: load, fold, compare-and-swap. */
import { setTimeout as sleep } from "node:timers/promises";
import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { decide, newFlags } from "@/lib/billing/timeline/build-timeline";
import type { Decision, Fact, Timeline } from "@/lib/billing/types";
import type { ProductId } from "@/lib/config/catalog";
import { log, metrics } from "@/lib/core/observability";
import { DatabaseError, type Gateway } from "@/lib/database";
import type { WebhookEvent } from "@/lib/processors";
import type { ChangeAnalysis } from "@/lib/processors/webhook-source";
import { SubscriptionMoved } from "./fact-owners";
import { foldWith } from "./fold-with";

/** The event's outcome, once its facts are committed. */
export interface Result {
  outcome: "applied" | "ignored";
  reason?: string;
}

/** Log texts of resets that the runbooks of older installations search for. */
const RUNBOOK_TEXTS: Readonly<Partial<Record<Decision["reason"], { says: string }>>> = {
  "New subscription": { says: "Subscription activated and usage reset" },
  "Payment for a new billing period": { says: "Subscription activated and usage reset" },
  "Billing period renewal detected": { says: "Billing period renewed, resetting usage" },
  "Plan change at billing renewal": { says: "Billing period renewed, resetting usage" },
};

interface Addition {
  event: Pick<WebhookEvent, "processor" | "id" | "type">;
  userId: string;
  product: ProductId;
  facts: readonly Fact[];
  analysis?: ChangeAnalysis | null;
  /**
   * Returns the event's outcome with this timeline; null if another product's commit follows. Absent if no event waits for
   * its outcome from this commit.
   */
  finalOutcome?: (timeline: Timeline) => Result | null;
}

/** The first commit succeeds; the others load, fold and try again, so that this many concurrent commits succeed. */
const ATTEMPTS = 12;

/**
 * Loads, folds and commits, and repeats that if another delivery commits in between.
 * @throws DatabaseError `unavailable` after too many attempts, `moved` if the subscription was moved
 */
export async function commitFacts(
  { event, userId, product, analysis = null, finalOutcome, ...added }: Addition,
  gateway: Gateway,
) {
  // The end of a subscription may name two plans of one product: that is one fact.
  const facts = [...new Map(added.facts.map((fact) => [fact.id, fact])).values()];
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const { known, before, timeline, foldedBy, stored, checkpoints } = await foldWith(
      facts,
      { userId, product },
      gateway,
    );
    const result = finalOutcome?.(timeline) ?? null;
    const decision = decide(before, timeline, facts);
    const flags = newFlags(before, timeline);
    const { processor, id, type } = event;
    const committed = await gateway.commitTimeline({
      userId,
      product,
      revision: known.revision,
      event: {
        processor,
        id,
        type,
        outcome: result?.outcome ?? null,
        note: result?.reason ?? null,
        others: known.others.map((fact) => fact.id),
        analysis,
        flags,
      },
      facts,
      timeline,
      foldedBy,
      stored,
      checkpoints,
      decision,
    });
    if (committed.committed) {
      log.info(
        {
          ...logFields(event),
          userId,
          product,
          before: summarize(committed.before),
          after: summarize(committed.after),
          flags,
          ...(decision.action === "reset" && RUNBOOK_TEXTS[decision.reason]),
        },
        `[Webhook] Decision: ${decision.action.toUpperCase()} usage - ${decision.reason}`,
      );
      recordMetrics(product, decision, facts);
      return { committed: true, decision } as const;
    }
    if (committed.duplicate) return { committed: false, decision: committed.decision } as const;
    if (committed.moved) throw new SubscriptionMoved();
    await sleep(Math.random() * 10 * attempt);
  }
  throw new DatabaseError("Other deliveries for this user kept committing first.", "unavailable", "conflict");
}

function recordMetrics(product: ProductId, { action, reason }: Decision, facts: readonly Fact[]): void {
  metrics.decisions.inc({ product, action, reason });
  for (const fact of facts)
    if (fact.kind === "payment") metrics.payments.inc({ processor: fact.processor, outcome: fact.outcome });
}

/** The fields of a subscription in the log: they show the effect of a decision. */
function summarize({ plan, status, windowStart, meters }: SubscriptionView) {
  return { plan, status, windowStart, used: Object.fromEntries(meters.map(({ field, used }) => [field, used])) };
}

/** The fields that name an event in the log. */
export function logFields({ processor, id, type }: Pick<WebhookEvent, "processor" | "id" | "type">) {
  return { processor, eventId: id, eventType: type };
}
