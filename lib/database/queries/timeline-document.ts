/** Facts and timelines in the form that `commit_timeline` takes: column names, instants as text. */
import type { Checkpoint } from "@/lib/billing/schemas/checkpoint";
import type {
  EntitlementPeriod,
  Fact,
  Instant,
  SubscriptionRecord,
  Timeline,
  Window,
  WindowTransition,
} from "@/lib/billing/types";

function text(at: Instant): string;
function text(at: Instant | null): string | null;
function text(at: Instant | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

/** The stored fact, and the instant of its column. */
export function factDocument(fact: Fact) {
  return { ...fact, occurredAt: text(fact.at) };
}

export function timelineDocument({ records, periods, entitlementPeriods, transitions, asOf }: Timeline) {
  return {
    as_of: text(asOf),
    records: records.map(recordRow),
    periods: periods.map((period) => ({
      source: period.source,
      period_start: text(period.start),
      period_end: text(period.end),
      plan: period.plan,
      billing_interval: period.interval,
      trial: period.trial,
      paid: period.paid,
      paid_in_full: period.paidInFull,
      reason: period.reason,
    })),
    entitlement_periods: entitlementPeriods.map(entitlementRow),
    windows: transitions.map(windowRow),
  };
}

/**
 * The part of a timeline that differs from the stored one; null if a record or a period is removed. Both begin at the same
 * cut of a checkpoint. The first entitlement period may begin before it: that one is stored already.
 * `changed_from` is the first instant from which entitlement periods or windows differ.
 */
export function changeDocument(stored: Timeline, timeline: Timeline, cut: Instant | null = null) {
  const records = changesOf(stored.records, timeline.records, (row) => `${row.processor}:${row.subscription}`);
  const periods = changesOf(stored.periods, timeline.periods, ({ source, start }) => `${source}@${start}`);
  if (records === null || periods === null) return null;
  const since = cut ?? Number.NEGATIVE_INFINITY;
  const from = Math.min(
    ...differing(stored.entitlementPeriods.map(withoutEnd), timeline.entitlementPeriods.map(withoutEnd))
      .map(({ start }) => start)
      .filter((start) => start >= since),
    ...differing(stored.transitions, timeline.transitions).map(({ at }) => at),
  );
  const changed = {
    ...timeline,
    records,
    periods,
    entitlementPeriods: timeline.entitlementPeriods.filter(({ start }) => start >= from),
    transitions: timeline.transitions.filter(({ at }) => at >= from),
  };
  return { ...timelineDocument(changed), changed_from: text(Number.isFinite(from) ? from : null) };
}

/** The end is that of the next start, and not stored. */
const withoutEnd = ({ end: _, ...period }: EntitlementPeriod) => period;

/** The rows that are new or differ; null if a row is removed. */
function changesOf<Row>(before: readonly Row[], after: readonly Row[], keyOf: (row: Row) => string): Row[] | null {
  const rest = new Map(before.map((row) => [keyOf(row), JSON.stringify(row)]));
  const changes = after.filter((row) => {
    const key = keyOf(row);
    const known = rest.get(key);
    rest.delete(key);
    return known !== JSON.stringify(row);
  });
  return rest.size === 0 ? changes : null;
}

/** The rows that only one of both has. */
function differing<Row>(before: readonly Row[], after: readonly Row[]): Row[] {
  const [known, present] = [before, after].map((rows) => new Map(rows.map((row) => [JSON.stringify(row), row])));
  const only = (rows = new Map<string, Row>(), others = new Map<string, Row>()) =>
    [...rows].flatMap(([key, row]) => (others.has(key) ? [] : [row]));
  return [...only(known, present), ...only(present, known)];
}

/** The checkpoints of a commit. */
export interface Checkpoints {
  /** The cut of the checkpoint that the fold continued; null: the timeline is of all facts. */
  from: Instant | null;
  /** The checkpoint for the next delivery; null: that of `from` stays, if there is one. */
  next: Checkpoint | null;
}

export function checkpointDocument({ from, next }: Checkpoints = { from: null, next: null }) {
  return {
    ...(from !== null && { from: text(from) }),
    ...(next && { checkpoint: { cut: text(next.cut), body: next } }),
  };
}

function recordRow(record: SubscriptionRecord) {
  return {
    source: `${record.processor}:${record.subscription}`,
    processor: record.processor,
    subscription_id: record.subscription,
    plan: record.plan,
    billing_interval: record.interval,
    quantity: record.quantity,
    status: record.status,
    period_start: text(record.periodStart),
    period_end: text(record.periodEnd),
    cancel_at: text(record.cancelAt),
    trial_end: text(record.trialEnd),
    collection_paused: record.collectionPaused,
    past_due_since: text(record.pastDueSince),
    updated_at: text(record.updatedAt),
    ended_at: text(record.endedAt),
    scheduled_plan: record.scheduled?.plan ?? null,
    scheduled_interval: record.scheduled?.interval ?? null,
    discounts: (record.discounts ?? []).flatMap(discountDocument),
  };
}

/** A discount that is known by its id only cannot be shown. */
function discountDocument({ terms, endsAt }: NonNullable<SubscriptionRecord["discounts"]>[number]) {
  return terms === null ? [] : [{ ...terms, ends_at: text(endsAt) }];
}

function entitlementRow(period: EntitlementPeriod) {
  return {
    starts_at: text(period.start),
    source: period.source,
    plan: period.plan,
    limit_plan: period.limitPlan,
    status: period.status,
    processor: period.processor,
    subscription_id: period.subscription,
    billing_interval: period.interval,
    quantity: period.quantity,
    period_start: text(period.periodStart),
    period_end: text(period.periodEnd),
    cadence: period.cadence,
    anchor: text(period.anchor),
    withheld: period.withheld,
  };
}

function windowRow({ window, at, kind, reason, from, share, unpaid, withheldFromPrevious }: WindowTransition) {
  return {
    opened_at: text(at),
    source: window.source,
    window_start: text(window.start),
    window_end: text(window.end),
    period_start: text(window.periodStart),
    counts_until: text(window.countsUntil),
    transition_kind: kind,
    reason,
    ...oldWindow(from),
    share,
    unpaid,
    withheld_from_previous: withheldFromPrevious,
  };
}

function oldWindow(from: Window | null) {
  return {
    from_source: from?.source ?? null,
    from_window_start: text(from?.start ?? null),
    from_period_start: text(from?.periodStart ?? null),
    from_counts_until: text(from?.countsUntil ?? null),
  };
}
