/**
 * Checkpoints of the fold. A checkpoint contains the state after all facts before its cut, so that a delivery loads and
 * folds only the later facts (`resume.ts`). Its size does not depend on the number of facts.
 */
import type { Product } from "@/lib/config/catalog";
import type { Checkpoint, SubscriptionCheckpoint } from "../schemas/checkpoint";
import { type Fact, type Instant, sourceOf } from "../types";
import { groupBySubscription, historiesOf, type KnownFacts, timelineOf } from "./build-timeline";
import { DAY_MS } from "./calendar";
import { configurationOf, RULES_VERSION } from "./checkpoint-rules";
import { closeHistory } from "./close-history";
import { eventTimes } from "./entitlement-periods";
import { openedAt, type SubscriptionHistory } from "./history-types";
import { type Fold, restoredHistories, resume, resumeFold, timelineFrom } from "./resume";
import { applyFacts, emptyHistory } from "./subscription-history";
import { enclosingPeriodsOf } from "./window-transitions";

/** Facts that arrive late are rarely older than this. */
const MIN_AGE_MS = 90 * DAY_MS;

/** A checkpoint of fewer facts saves less than it costs. */
const MIN_FACTS = 40;

/** A cut lies this long before the start of a period, because some events precede the renewal that they belong to. */
const BEFORE_START_MS = DAY_MS;

const MAX_CUTS_TRIED = 8;

/** Of so many deliveries, one looks for a checkpoint: without a sound one the next delivery would look in vain too. */
const TRY_EVERY_FACTS = 8;

/** Whether enough facts are old enough for a checkpoint. Cheap, for each delivery to ask. */
export function isWorthClosing(facts: readonly Pick<Fact, "at">[], now: Instant): boolean {
  return facts.length >= MIN_FACTS && facts.filter(({ at }) => at < now - MIN_AGE_MS).length >= MIN_FACTS;
}

/** Whether a delivery that adds to these facts is the one that looks for a checkpoint. */
export function isTurnToClose(known: number, added: number): boolean {
  return Math.floor((known + added) / TRY_EVERY_FACTS) > Math.floor(known / TRY_EVERY_FACTS);
}

/**
 * The latest sound checkpoint. Its cut is at least 90 days before `now`, and before all periods that are still open.
 * It costs three folds of `known` or more, so the caller asks for it once per some dozens of new facts.
 * @param known all facts, or those since the cut of `earlier`
 * @param earlier a valid checkpoint that contains the facts before `known`; absent if there is none
 * @returns null if too few facts lie before each sound cut; `earlier` then stays valid, unless `known` reaches before it
 */
export function checkpointOf(
  product: Product,
  known: KnownFacts,
  now: Instant,
  earlier: Checkpoint | null = null,
): Checkpoint | null {
  if (known.facts.length < MIN_FACTS) return null;
  const fold = foldSince(product, known, earlier);
  if (fold === null) return null;
  const instants = known.facts.map(({ at }) => at).sort((a, b) => a - b);
  for (const cut of cutsOf(fold.histories, now - MIN_AGE_MS).slice(0, MAX_CUTS_TRIED)) {
    if ((instants[MIN_FACTS - 1] as Instant) >= cut) return null;
    const checkpoint = closeAt(product, known, cut, fold, earlier);
    if (checkpoint) return checkpoint;
  }
  return null;
}

/** The checkpoint at this cut; null if a fact on one side of the cut is, or could be, about the other side. */
export function checkpointAt(
  product: Product,
  known: KnownFacts,
  cut: Instant,
  earlier: Checkpoint | null = null,
): Checkpoint | null {
  const fold = foldSince(product, known, earlier);
  return fold && closeAt(product, known, cut, fold, earlier);
}

/** The fold of all facts; null if it cannot be divided. Moved subscriptions and combined ones have no checkpoint. */
function foldSince(product: Product, known: KnownFacts, earlier: Checkpoint | null): Fold | null {
  const { facts, others, freeAnchor } = known;
  if (others.length > 0 || facts.some(({ kind }) => kind === "transfer")) return null;
  if (earlier) return resumeFold(product, earlier, known);
  const histories = historiesOf(facts);
  return { histories, timeline: timelineOf(product, histories, facts, freeAnchor) };
}

/** Instants shortly before the start of a period, the latest first. */
function cutsOf(histories: readonly SubscriptionHistory[], until: Instant): Instant[] {
  const open = histories.flatMap(({ periods, record }) => {
    const last = record?.endedAt === null ? periods.at(-1) : undefined;
    return last && last.end > until ? [last.starts[0] - BEFORE_START_MS] : [];
  });
  const latest = Math.min(until, ...open);
  const cuts = histories.flatMap(({ periods }) => periods.map(({ starts }) => starts[0] - BEFORE_START_MS));
  return [...new Set(cuts.filter((cut) => cut <= latest))].sort((a, b) => b - a);
}

function closeAt(
  product: Product,
  { facts, freeAnchor }: KnownFacts,
  cut: Instant,
  { histories, timeline }: Fold,
  earlier: Checkpoint | null,
): Checkpoint | null {
  const entitlementPeriod = timeline.entitlementPeriods.findLast(({ start }) => start < cut);
  if (entitlementPeriod === undefined || (earlier && cut < earlier.cut)) return null;
  const later = facts.filter(({ at }) => at >= cut);
  const subscriptions = closeHistories(product, histories, facts, cut, earlier?.subscriptions ?? []);
  if (subscriptions === null) return null;
  const times = eventTimes(histories).filter((at) => at < cut);
  const checkpoint = {
    version: RULES_VERSION,
    configuration: configurationOf(product),
    freeAnchor,
    cut,
    asOf: times.reduce((latest, at) => Math.max(latest, at), earlier?.asOf ?? 0),
    entitlementPeriod: { ...entitlementPeriod, end: null },
    subscriptions,
  };
  const resumed = resume(product, checkpoint, { facts: later, others: [], freeAnchor });
  const isSame = JSON.stringify(resumed) === JSON.stringify(timelineFrom(timeline, cut, later));
  return isSame ? checkpoint : null;
}

function closeHistories(
  product: Product,
  histories: readonly SubscriptionHistory[],
  facts: readonly Fact[],
  cut: Instant,
  earlier: readonly SubscriptionCheckpoint[],
): SubscriptionCheckpoint[] | null {
  const bySource = groupBySubscription(facts.filter(({ at }) => at < cut));
  const stored = new Map<string, SubscriptionCheckpoint>(earlier.map((each) => [sourceOf(each), each]));
  const restored = restoredHistories(earlier);
  const before = new Map<string, SubscriptionHistory>();
  for (const history of histories) {
    const known = bySource.get(history.source) ?? [];
    const start = restored.get(history.source);
    if (start || known.length > 0) before.set(history.source, applyFacts(start ?? emptyHistory(history), known));
  }
  if (hasOpenChoice(histories, before, cut)) return null;
  const closed = histories.flatMap((whole) => {
    const own = before.get(whole.source);
    const divided = { facts: bySource.get(whole.source) ?? [], earlier: stored.get(whole.source) };
    return own ? [closeHistory(product, { ...divided, before: own, whole }, histories, cut)] : [];
  });
  const subscriptions = closed.filter((each) => each !== null);
  return subscriptions.length === closed.length ? subscriptions : null;
}

/**
 * Whether the end of a running subscription could change an earlier transition: a subscription began inside the periods
 * of several others, and the one that ends last precedes the others.
 */
function hasOpenChoice(
  histories: readonly SubscriptionHistory[],
  before: ReadonlyMap<string, SubscriptionHistory>,
  cut: Instant,
): boolean {
  return histories.some((history) => {
    const [period] = history.periods;
    if (period === undefined || history.earlier.firstStart !== null || openedAt(period) >= cut) return false;
    const choices = enclosingPeriodsOf(histories, { history, period });
    return choices.length > 1 && choices.some((each) => before.get(each.history.source)?.record?.endedAt == null);
  });
}
