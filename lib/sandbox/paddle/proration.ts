/** The cost of a change of items, as Paddle computes it: to the minute, each line rounded to the cent. Pure. */

import { addMonths, MINUTE_MS, monthsSince } from "@/lib/billing/timeline/calendar";
import type { Instant } from "@/lib/billing/types";
import { type ItemSpec, type LineSpec, sumOfLines } from "../event-builders/paddle/events";

export const BILLING_MODES = [
  "prorated_immediately",
  "prorated_next_billing_period",
  "full_immediately",
  "full_next_billing_period",
  "do_not_bill",
] as const;
export type BillingMode = (typeof BILLING_MODES)[number];

export interface Period {
  start: Instant;
  end: Instant;
}

export interface ItemsChange {
  period: Period;
  /** The instant from which months are counted after the change. */
  anchor: Instant;
  lines: LineSpec[];
  /** The billing period restarts. */
  restarts: boolean;
}

/**
 * A change of items at `at`. The same interval keeps the period. Another one begins a whole new period now; if the mode
 * prorates, the rest of the old period is credited.
 */
export function changeItems(
  state: { items: readonly ItemSpec[]; period: Period; anchor: Instant },
  items: readonly ItemSpec[],
  mode: BillingMode,
  at: Instant,
): ItemsChange {
  const { period, anchor } = state;
  const restarts = intervalOf(items) !== intervalOf(state.items);
  const prorates = mode.startsWith("prorated");
  const left = (item: ItemSpec) => restarts || !isIn(item, items);
  const came = (item: ItemSpec) => restarts || !isIn(item, state.items);
  const credits = prorates ? state.items.filter(left).map((item) => prorated(item, period, at, -1)) : [];
  if (restarts) {
    const next = { start: at, end: periodAfter(at, at, intervalOf(items)) };
    const charges = mode === "do_not_bill" ? [] : periodLines(items, prorates ? next : null);
    return { period: next, anchor: at, lines: [...credits, ...charges], restarts };
  }
  const charged = mode === "do_not_bill" ? [] : items.filter(came);
  const charges = prorates ? charged.map((item) => prorated(item, period, at, 1)) : periodLines(charged, null);
  return { period, anchor, lines: [...credits, ...charges], restarts };
}

/**
 * The lines of a whole period. Paddle writes a renewal, a resume and a prorated switch of the interval as prorations of
 * rate 1 over `period`. The lines of a checkout and of a change that is not prorated have none.
 */
export function periodLines(items: readonly ItemSpec[], period: Period | null): LineSpec[] {
  return items.map(({ price, quantity = 1 }) => ({
    price,
    quantity,
    amount: price.unitAmount * quantity,
    ...(period && { proration: { rate: "1", ...period } }),
  }));
}

export function intervalOf(items: readonly ItemSpec[]): "month" | "year" {
  return items[0]?.price.interval ?? "month";
}

/**
 * The end of the period that begins at `start`, of a cycle anchored at `anchor`: Jan 31 gives Feb 28, then Mar 31
 * again.
 */
export function periodAfter(anchor: Instant, start: Instant, interval: "month" | "year"): Instant {
  return addMonths(anchor, Math.max(0, monthsSince(anchor, start)) + (interval === "year" ? 12 : 1));
}

/** The sum after discounts, with tax. */
export function sumOf(lines: readonly LineSpec[]): number {
  return sumOfLines(lines).total;
}

/** The part of a sum that the customer's credit pays, the credit from a negative sum, and the credit afterwards. */
export function settle(lines: readonly LineSpec[], balance: number) {
  const total = sumOf(lines);
  const credit = Math.min(balance, Math.max(0, total));
  const creditToBalance = Math.max(0, -total);
  return { credit, creditToBalance, left: balance - credit + creditToBalance };
}

/** The rest of the period, charged, or credited as a negative line. */
function prorated({ price, quantity = 1 }: ItemSpec, { start, end }: Period, at: Instant, sign: 1 | -1): LineSpec {
  const minutes = (from: Instant) => Math.round((end - from) / MINUTE_MS);
  const rate = minutes(at) / minutes(start);
  const amount = sign * Math.round(price.unitAmount * quantity * rate) + 0;
  return { price, quantity: sign * quantity, amount, proration: { rate: rateText(rate), start: at, end } };
}

/** Five decimals at most, without zeros at the end: "0.90513", "1". */
function rateText(rate: number): string {
  return String(Number(rate.toFixed(5)));
}

function isIn({ price, quantity = 1 }: ItemSpec, items: readonly ItemSpec[]): boolean {
  return items.some((other) => other.price.id === price.id && (other.quantity ?? 1) === quantity);
}
