/**
 * Computes the usage of each window from the timeline and the ledger, for dry runs and previews. Postgres computes the
 * same under the row's lock (`window_used`, `open_windows`), and tests compare the two.
 */
import { type Product, planLimit } from "@/lib/config/catalog";
import { windowOf } from "./timeline/calendar";
import type { EntitlementPeriod, Instant, Timeline, Window, WindowTransition } from "./types";

/** One row of the ledger: an amount of one field, negative if it was released. */
export interface UsageEntry {
  at: Instant;
  field: string;
  amount: number;
}

/** Amounts by field. */
export type Amounts = Readonly<Record<string, number>>;

/** A user's usage and limits at one instant. */
export interface UsageState {
  entitlementPeriod: EntitlementPeriod;
  window: Window;
  used: Amounts;
  /** Quota that an unpaid renewal credited, withheld until it is paid; 0 if none. */
  withheld: Amounts;
  limits: Amounts;
  remaining: Amounts;
}

/**
 * The usage at `now`, or at the latest event of the timeline if that is later.
 * @param at selects the window of another instant, with its usage at `now`
 */
export function usageAt(
  product: Product,
  timeline: Timeline,
  ledger: readonly UsageEntry[],
  now: Instant,
  at = Math.max(now, timeline.asOf),
): UsageState {
  const clock = Math.max(now, timeline.asOf);
  const entitlementPeriod = entitlementAt(timeline, at);
  const fields = Object.entries(product.meters).flatMap(([field, { kind }]) => (kind === "counter" ? [field] : []));
  const opened = openWindows(fields, timeline, ledger, clock);
  const window = windowOf(entitlementPeriod, at);
  const usedNow = usedIn(fields, timeline, ledger, opened, window, Number.POSITIVE_INFINITY);
  const limitOf = (field: string) => planLimit(product, entitlementPeriod.limitPlan, field, entitlementPeriod.quantity);
  const withheldNow = entitlementPeriod.withheld
    ? opened.get(keyOf(window.source, entitlementPeriod.periodStart))?.withheld
    : undefined;
  const amounts = (of: (field: string) => number) => Object.fromEntries(fields.map((field) => [field, of(field)]));
  return {
    entitlementPeriod,
    window,
    used: usedNow,
    withheld: amounts((field) => withheldNow?.[field] ?? 0),
    limits: amounts(limitOf),
    remaining: amounts((field) => Math.max(0, limitOf(field) - (usedNow[field] ?? 0) - (withheldNow?.[field] ?? 0))),
  };
}

/** The entitlement at `at`: a timeline has one for every instant. */
export function entitlementAt({ entitlementPeriods }: Timeline, at: Instant): EntitlementPeriod {
  return entitlementPeriods.findLast(({ start }) => start <= at) as EntitlementPeriod;
}

interface OpenedWindow {
  opening: Amounts;
  withheld: Amounts;
}

function keyOf(source: string, start: Instant | null): string {
  return `${source}@${start}`;
}

/** Every transition up to `clock`, oldest first, each computed from its previous window. */
function openWindows(
  fields: readonly string[],
  timeline: Timeline,
  ledger: readonly UsageEntry[],
  clock: Instant,
): Map<string, OpenedWindow> {
  const opened = new Map<string, OpenedWindow>();
  for (const transition of timeline.transitions) {
    if (transition.at > clock) continue;
    const { window, from, at, kind, share, unpaid, withheldFromPrevious } = transition;
    const base = from ? usedIn(fields, timeline, ledger, opened, from, at) : {};
    const own = kind === "preserve" ? usedIn(fields, timeline, ledger, opened, window, at) : {};
    const before = opened.get(keyOf(window.source, window.start))?.opening ?? {};
    const withheldBefore =
      (withheldFromPrevious && from && opened.get(keyOf(from.source, from.periodStart))?.withheld) || {};
    const start: Record<string, number> = {};
    const withheld: Record<string, number> = {};
    for (const field of fields) {
      const used = base[field] ?? 0;
      const credited = creditedBy(transition, used, share[field] ?? 0);
      const grown = (before[field] ?? 0) + Math.max(0, used - (own[field] ?? 0));
      start[field] = kind === "preserve" ? grown : used - credited;
      withheld[field] = unpaid ? credited + (withheldBefore[field] ?? 0) : 0;
    }
    opened.set(keyOf(window.source, window.start), { opening: start, withheld });
  }
  return opened;
}

function creditedBy({ kind }: WindowTransition, used: number, share: number): number {
  if (kind === "reset") return used;
  return kind === "carry_over" ? Math.min(used, share) : 0;
}

/** The window's opening amounts, plus the ledger rows in it before `until`. */
function usedIn(
  fields: readonly string[],
  timeline: Timeline,
  ledger: readonly UsageEntry[],
  opened: ReadonlyMap<string, OpenedWindow>,
  window: Window,
  until: Instant,
): Amounts {
  const used: Record<string, number> = {};
  const opening = opened.get(keyOf(window.source, window.start))?.opening;
  for (const field of fields) used[field] = opening?.[field] ?? 0;
  const before = Math.min(until, window.countsUntil ?? Number.POSITIVE_INFINITY);
  for (const { at, field, amount } of ledger) {
    if (at < window.start || at >= before) continue;
    const entitlementPeriod = entitlementAt(timeline, at);
    if (entitlementPeriod.source === window.source && entitlementPeriod.periodStart === window.periodStart) {
      used[field] = (used[field] ?? 0) + amount;
    }
  }
  return used;
}
