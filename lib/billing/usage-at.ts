/**
 * What is used in each window: a pure function of the timeline and the ledger. Postgres computes the same under the
 * row's lock (`window_used`, `open_windows`); this twin serves dry runs, previews and the tests that hold the two
 * against each other.
 */
import { type Product, planLimit } from "@/lib/config/catalog";
import { windowAt } from "./timeline/calendar";
import type { EntitlementPeriod, Instant, Timeline, Window, WindowTransition } from "./types";

/** One row of the ledger: an amount of one field, negative where it was given back. */
export interface UsageEntry {
  at: Instant;
  field: string;
  amount: number;
}

/** Amounts by field. */
export type Amounts = Readonly<Record<string, number>>;

/** What the gate knows at one moment. */
export interface UsageState {
  entitlementPeriod: EntitlementPeriod;
  window: Window;
  used: Amounts;
  /** Held back of what an unpaid renewal forgave; 0 where nothing is. */
  withheld: Amounts;
  limits: Amounts;
  remaining: Amounts;
}

/**
 * The standing at `now`, by the row's clock: never earlier than the timeline's latest news.
 * @param at looks at the window of another instant instead, as it stands at that clock
 */
export function usageAt(
  product: Product,
  timeline: Timeline,
  ledger: readonly UsageEntry[],
  now: Instant,
  at = Math.max(now, timeline.asOf),
): UsageState {
  const clock = Math.max(now, timeline.asOf);
  const entitlementPeriod = timeline.entitlementPeriods.findLast(({ start }) => start <= at) as EntitlementPeriod;
  const fields = Object.entries(product.meters).flatMap(([field, { kind }]) => (kind === "counter" ? [field] : []));
  const opened = openWindows(fields, timeline, ledger, clock);
  const window = windowOf(entitlementPeriod, at);
  const usedNow = usedIn(fields, timeline, ledger, opened, window, Number.POSITIVE_INFINITY);
  const limitOf = (field: string) => planLimit(product, entitlementPeriod.limitPlan, field, entitlementPeriod.quantity);
  const heldNow = entitlementPeriod.withheld
    ? opened.get(keyOf(window.source, entitlementPeriod.periodStart))?.withheld
    : undefined;
  const amounts = (of: (field: string) => number) => Object.fromEntries(fields.map((field) => [field, of(field)]));
  return {
    entitlementPeriod,
    window,
    used: usedNow,
    withheld: amounts((field) => heldNow?.[field] ?? 0),
    limits: amounts(limitOf),
    remaining: amounts((field) => Math.max(0, limitOf(field) - (usedNow[field] ?? 0) - (heldNow?.[field] ?? 0))),
  };
}

interface OpenedWindow {
  opening: Amounts;
  withheld: Amounts;
}

function keyOf(source: string, start: Instant | null): string {
  return `${source}@${start}`;
}

function windowOf(entitlementPeriod: EntitlementPeriod, at: Instant): Window {
  const { start, end } = windowAt(entitlementPeriod, at);
  const goesOn = entitlementPeriod.periodEnd !== null && end >= entitlementPeriod.periodEnd;
  return {
    source: entitlementPeriod.source,
    periodStart: entitlementPeriod.periodStart,
    start,
    end,
    countsUntil: goesOn ? null : end,
  };
}

/** Every opening that has come, oldest first, each from the window before it. */
function openWindows(
  fields: readonly string[],
  timeline: Timeline,
  ledger: readonly UsageEntry[],
  clock: Instant,
): Map<string, OpenedWindow> {
  const opened = new Map<string, OpenedWindow>();
  for (const opening of timeline.transitions) {
    if (opening.at > clock) continue;
    const { window, from, at, kind, share, unpaid, withheldFromPrevious } = opening;
    const base = from ? usedIn(fields, timeline, ledger, opened, from, at) : {};
    const own = kind === "preserve" ? usedIn(fields, timeline, ledger, opened, window, at) : {};
    const before = opened.get(keyOf(window.source, window.start))?.opening ?? {};
    const heldBefore =
      (withheldFromPrevious && from && opened.get(keyOf(from.source, from.periodStart))?.withheld) || {};
    const start: Record<string, number> = {};
    const held: Record<string, number> = {};
    for (const field of fields) {
      const used = base[field] ?? 0;
      const forgiven = creditedBy(opening, used, share[field] ?? 0);
      const grown = (before[field] ?? 0) + Math.max(0, used - (own[field] ?? 0));
      start[field] = kind === "preserve" ? grown : used - forgiven;
      held[field] = unpaid ? forgiven + (heldBefore[field] ?? 0) : 0;
    }
    opened.set(keyOf(window.source, window.start), { opening: start, withheld: held });
  }
  return opened;
}

function creditedBy({ kind }: WindowTransition, used: number, share: number): number {
  if (kind === "reset") return used;
  return kind === "carry_over" ? Math.min(used, share) : 0;
}

/** The window's opening and the rows that fall in it before `until`. */
function usedIn(
  fields: readonly string[],
  { entitlementPeriods }: Timeline,
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
    const entitlementPeriod = entitlementPeriods.findLast(({ start }) => start <= at);
    if (entitlementPeriod?.source === window.source && entitlementPeriod.periodStart === window.periodStart) {
      used[field] = (used[field] ?? 0) + amount;
    }
  }
  return used;
}
