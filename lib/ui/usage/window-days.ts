/**
 * A window's days with the use of each and the running total; pure arithmetic over the ledger's daily totals (UTC
 * days).
 */

/** The ledger's total of one UTC day: `day` is "2026-11-20"; below 0 if more was released than used. */
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
  /** Counted from the window's start without a day of its own: carried over from before. */
  carried: number;
}

/**
 * The window's days so far. `used` is the meter's own count and decides: a day does not know the hour the window began.
 * So any excess of the first days was used before the reset, and any shortfall was carried over.
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

/** The first day that ended at or above this share of the limit; null if none did. */
export function reachedOn(days: readonly WindowDay[], limit: number, share: number): string | null {
  return days.find(({ total }) => limit > 0 && total >= share * limit)?.day ?? null;
}
