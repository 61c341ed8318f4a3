/**
 * What is used in each window: a pure function of the timeline and the ledger. Postgres computes the same under the
 * row's lock (`window_used`, `open_windows`); this twin serves dry runs, previews and the tests that hold the two
 * against each other.
 */
import { type Product, planLimit } from "@/lib/config/catalog";
import { windowAt } from "./timeline/calendar";
import type { EntitlementPeriod, Instant, Timeline, Window, WindowTransition } from "./types";

/** One row of the ledger: an amount of one field, negative where it was given back. */
export interface Use {
  at: Instant;
  field: string;
  amount: number;
}

/** Amounts by field. */
export type Amounts = Readonly<Record<string, number>>;

/** What the gate knows at one moment. */
export interface UsageState {
  segment: EntitlementPeriod;
  window: Window;
  used: Amounts;
  /** Held back of what an unpaid renewal forgave; 0 where nothing is. */
  held: Amounts;
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
  ledger: readonly Use[],
  now: Instant,
  at = Math.max(now, timeline.asOf),
): UsageState {
  const clock = Math.max(now, timeline.asOf);
  const segment = timeline.segments.findLast(({ start }) => start <= at) as EntitlementPeriod;
  const fields = Object.entries(product.meters).flatMap(([field, { kind }]) => (kind === "counter" ? [field] : []));
  const opened = openWindows(fields, timeline, ledger, clock);
  const window = windowOf(segment, at);
  const usedNow = usedIn(fields, timeline, ledger, opened, window, Number.POSITIVE_INFINITY);
  const limitOf = (field: string) => planLimit(product, segment.limitPlan, field, segment.quantity);
  const heldNow = segment.held ? opened.get(keyOf(window.source, segment.periodStart))?.held : undefined;
  const amounts = (of: (field: string) => number) => Object.fromEntries(fields.map((field) => [field, of(field)]));
  return {
    segment,
    window,
    used: usedNow,
    held: amounts((field) => heldNow?.[field] ?? 0),
    limits: amounts(limitOf),
    remaining: amounts((field) => Math.max(0, limitOf(field) - (usedNow[field] ?? 0) - (heldNow?.[field] ?? 0))),
  };
}

interface Opened {
  opening: Amounts;
  held: Amounts;
}

function keyOf(source: string, start: Instant | null): string {
  return `${source}@${start}`;
}

function windowOf(segment: EntitlementPeriod, at: Instant): Window {
  const { start, end } = windowAt(segment, at);
  const goesOn = segment.periodEnd !== null && end >= segment.periodEnd;
  return { source: segment.source, periodStart: segment.periodStart, start, end, countsUntil: goesOn ? null : end };
}

/** Every opening that has come, oldest first, each from the window before it. */
function openWindows(
  fields: readonly string[],
  timeline: Timeline,
  ledger: readonly Use[],
  clock: Instant,
): Map<string, Opened> {
  const opened = new Map<string, Opened>();
  for (const opening of timeline.openings) {
    if (opening.at > clock) continue;
    const { window, from, at, by, share, unpaid, heldFromOld } = opening;
    const base = from ? usedIn(fields, timeline, ledger, opened, from, at) : {};
    const own = by === "preserve" ? usedIn(fields, timeline, ledger, opened, window, at) : {};
    const before = opened.get(keyOf(window.source, window.start))?.opening ?? {};
    const heldBefore = (heldFromOld && from && opened.get(keyOf(from.source, from.periodStart))?.held) || {};
    const start: Record<string, number> = {};
    const held: Record<string, number> = {};
    for (const field of fields) {
      const used = base[field] ?? 0;
      const forgiven = forgivenBy(opening, used, share[field] ?? 0);
      const grown = (before[field] ?? 0) + Math.max(0, used - (own[field] ?? 0));
      start[field] = by === "preserve" ? grown : used - forgiven;
      held[field] = unpaid ? forgiven + (heldBefore[field] ?? 0) : 0;
    }
    opened.set(keyOf(window.source, window.start), { opening: start, held });
  }
  return opened;
}

function forgivenBy({ by }: WindowTransition, used: number, share: number): number {
  if (by === "reset") return used;
  return by === "carry_over" ? Math.min(used, share) : 0;
}

/** The window's opening and the rows that fall in it before `until`. */
function usedIn(
  fields: readonly string[],
  { segments }: Timeline,
  ledger: readonly Use[],
  opened: ReadonlyMap<string, Opened>,
  window: Window,
  until: Instant,
): Amounts {
  const used: Record<string, number> = {};
  const opening = opened.get(keyOf(window.source, window.start))?.opening;
  for (const field of fields) used[field] = opening?.[field] ?? 0;
  const before = Math.min(until, window.countsUntil ?? Number.POSITIVE_INFINITY);
  for (const { at, field, amount } of ledger) {
    if (at < window.start || at >= before) continue;
    const segment = segments.findLast(({ start }) => start <= at);
    if (segment?.source === window.source && segment.periodStart === window.periodStart) {
      used[field] = (used[field] ?? 0) + amount;
    }
  }
  return used;
}
