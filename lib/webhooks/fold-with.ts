/** Loads what a delivery needs and folds it twice: without and with the delivered facts. */
import { foldKnown } from "@/lib/billing/timeline/build-timeline";
import { checkpointOf, isWorthClosing } from "@/lib/billing/timeline/checkpoint";
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
  return (
    foldLatest(rules, latest, facts) ??
    foldWhole(rules, await gateway.loadTimeline(userId, product, facts[0]?.subscription), facts)
  );
}

/** null if the part before the checkpoint is needed. */
function foldLatest(rules: Product, known: LoadedTimeline, added: readonly Fact[]): Folds | null {
  const { checkpoint } = known;
  if (checkpoint === null) return foldWhole(rules, known, added);
  if (checkpoint === "unreadable") return null;
  const whole = { ...known, facts: [...known.facts, ...added] };
  const before = resume(rules, checkpoint, known);
  const timeline = before && resume(rules, checkpoint, whole);
  if (before === null || timeline === null) return null;
  const next = isWorthClosing(known.facts, Date.now()) ? checkpointOf(rules, whole, Date.now(), checkpoint) : null;
  return { known, before, timeline, checkpoints: { from: checkpoint.cut, next } };
}

function foldWhole(rules: Product, known: LoadedTimeline, added: readonly Fact[]): Folds {
  const whole = { ...known, facts: [...known.facts, ...added] };
  const next = isWorthClosing(known.facts, Date.now()) ? checkpointOf(rules, whole, Date.now()) : null;
  return {
    known,
    before: foldKnown(rules, known),
    timeline: foldKnown(rules, whole),
    checkpoints: { from: null, next },
  };
}
