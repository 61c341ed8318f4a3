/** Loads the facts for a delivery and folds them twice: without and with the delivered facts. */
import { createHash } from "node:crypto";
import type { Checkpoint } from "@/lib/billing/schemas/checkpoint";
import { foldKnown, type KnownFacts } from "@/lib/billing/timeline/build-timeline";
import { checkpointOf, isTurnToClose, isWorthClosing } from "@/lib/billing/timeline/checkpoint";
import { configurationOf, RULES_VERSION } from "@/lib/billing/timeline/checkpoint-rules";
import { resume } from "@/lib/billing/timeline/resume";
import type { Fact, Timeline } from "@/lib/billing/types";
import type { Product, ProductId } from "@/lib/config/catalog";
import { product as productOf } from "@/lib/config/current-catalog";
import type { Checkpoints, Gateway, LoadedTimeline } from "@/lib/database";
import { sumUsersHours } from "@/lib/database/sum-hours";

export interface Folds {
  known: LoadedTimeline;
  before: Timeline;
  timeline: Timeline;
  /** The rules and configuration of the fold; null if the next delivery may not assume that `timeline` is stored. */
  foldedBy: string | null;
  /** `before`, if it is the stored timeline. */
  stored: Timeline | null;
  checkpoints: Checkpoints;
}

/**
 * Folds the facts since the checkpoint, or all facts if there is no checkpoint or a fact reaches before it.
 * @throws DatabaseError
 */
export async function foldWith(
  facts: readonly Fact[],
  { userId, product }: { userId: string; product: ProductId },
  gateway: Gateway,
): Promise<Folds> {
  const rules = productOf(product);
  const latest = await gateway.loadLatest(userId, product, facts[0]?.subscription);
  // The commit sums the window's usage under the row's lock. With sums by hour it holds the lock for a short time.
  if (latest.unsummed) await sumUsersHours(gateway, userId, product);
  const isTurn = isTurnToClose(latest.facts.length, facts.length);
  const continued =
    latest.checkpoint === "unreadable" ? null : foldFrom(latest.checkpoint, rules, latest, facts, isTurn);
  if (continued) return continued;
  const whole = await gateway.loadTimeline(userId, product, facts[0]?.subscription);
  // The old checkpoint is of no use any more.
  return foldFrom(null, rules, whole, facts, true) as Folds;
}

/** null if the checkpoint cannot be continued. Without one, the facts are all facts, and the answer is never null. */
function foldFrom(
  checkpoint: Checkpoint | null,
  rules: Product,
  known: LoadedTimeline,
  added: readonly Fact[],
  isTurn: boolean,
): Folds | null {
  const all = { ...known, facts: [...known.facts, ...added] };
  const fold = (facts: KnownFacts) => (checkpoint ? resume(rules, checkpoint, facts) : foldKnown(rules, facts));
  const before = fold(known);
  const timeline = before && fold(all);
  if (before === null || timeline === null) return null;
  const now = Date.now();
  const next = isTurn && isWorthClosing(all.facts, now) ? checkpointOf(rules, all, now, checkpoint) : null;
  const foldedBy = foldedByOf(rules, known, added);
  const stored = foldedBy !== null && foldedBy === known.foldedBy ? before : null;
  return { known, before, timeline, foldedBy, stored, checkpoints: { from: checkpoint?.cut ?? null, next } };
}

/** null if facts of other products count, which have revisions of their own, or if a stored fact differs from its new form. */
function foldedByOf(rules: Product, { facts, others, freeAnchor }: KnownFacts, added: readonly Fact[]): string | null {
  if (others.length > 0 || facts.some(({ id }) => added.some((fact) => fact.id === id))) return null;
  const text = JSON.stringify([RULES_VERSION, configurationOf(rules), freeAnchor]);
  return createHash("sha256").update(text).digest("base64url").slice(0, 16);
}
