/** Facts and timelines in the form that `commit_timeline` takes: column names, instants as text. */
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
    mirrors: records.map(mirrorRow),
    periods: periods.map((period) => ({
      source: period.source,
      period_start: text(period.start),
      period_end: text(period.end),
      plan: period.plan,
      billing_interval: period.interval,
      trial: period.trial,
      paid: period.paid,
      paid_in_money: period.paidInFull,
      reason: period.reason,
    })),
    segments: entitlementPeriods.map(segmentRow),
    windows: transitions.map(windowRow),
  };
}

function mirrorRow(mirror: SubscriptionRecord) {
  return {
    source: `${mirror.processor}:${mirror.subscription}`,
    processor: mirror.processor,
    subscription_id: mirror.subscription,
    plan: mirror.plan,
    billing_interval: mirror.interval,
    quantity: mirror.quantity,
    status: mirror.status,
    period_start: text(mirror.periodStart),
    period_end: text(mirror.periodEnd),
    cancel_at: text(mirror.cancelAt),
    trial_end: text(mirror.trialEnd),
    collection_paused: mirror.collectionPaused,
    past_due_since: text(mirror.pastDueSince),
    updated_at: text(mirror.updatedAt),
    ended_at: text(mirror.endedAt),
    scheduled_plan: mirror.scheduled?.plan ?? null,
    scheduled_interval: mirror.scheduled?.interval ?? null,
    discounts: (mirror.discounts ?? []).flatMap(discountDocument),
  };
}

/** A discount that is known by its id only cannot be shown. */
function discountDocument({ terms, endsAt }: NonNullable<SubscriptionRecord["discounts"]>[number]) {
  return terms === null ? [] : [{ ...terms, ends_at: text(endsAt) }];
}

function segmentRow(segment: EntitlementPeriod) {
  return {
    starts_at: text(segment.start),
    source: segment.source,
    plan: segment.plan,
    limit_plan: segment.limitPlan,
    status: segment.status,
    processor: segment.processor,
    subscription_id: segment.subscription,
    billing_interval: segment.interval,
    quantity: segment.quantity,
    period_start: text(segment.periodStart),
    period_end: text(segment.periodEnd),
    cadence: segment.cadence,
    anchor: text(segment.anchor),
    held: segment.withheld,
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
    opens_by: kind,
    reason,
    ...oldWindow(from),
    share,
    unpaid,
    held_from_old: withheldFromPrevious,
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
