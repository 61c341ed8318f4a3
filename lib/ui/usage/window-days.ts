/** A window's days with what was used on each and in all; pure arithmetic over the ledger's daily totals (UTC days). */

/** The ledger's total of one UTC day: `day` is "2026-11-20"; below 0 where more was given back than used. */
export interface DayTotal {
  day: string;
  amount: number;
}

export interface WindowDay extends DayTotal {
  /** Used in the window by the end of this day. */
  total: number;
}

export interface WindowDays {
  days: WindowDay[];
  /** Counted from the window's start on, without a day of its own: what was carried over from before. */
  carried: number;
}

/**
 * The window's days so far. `used` is the meter's own count and has the last word: a day knows nothing of the hour the
 * window began, so what the first days have too much of was used before the reset; what they lack was carried over.
 */
export function windowDays(history: readonly DayTotal[], windowStart: string, used: number): WindowDays {
  const days = history.filter(({ day }) => day >= windowStart.slice(0, 10));
  const sum = days.reduce((total, { amount }) => total + amount, 0);
  const carried = Math.max(0, used - sum);
  let before = Math.max(0, sum - used);
  let total = carried;
  return {
    carried,
    days: days.map(({ day, amount }) => {
      const earlier = Math.min(before, Math.max(0, amount));
      before -= earlier;
      total += amount - earlier;
      return { day, amount: amount - earlier, total };
    }),
  };
}

/** The first day that ended at or above this share of the limit; null where none did. */
export function reachedOn(days: readonly WindowDay[], limit: number, share: number): string | null {
  return days.find(({ total }) => limit > 0 && total >= share * limit)?.day ?? null;
}
