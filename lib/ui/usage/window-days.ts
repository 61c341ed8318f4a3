/** A window's days with their amounts and running totals, computed from the ledger's totals per UTC day. Pure. */

/** The ledger's total of one UTC day ("2026-11-20"); below 0 if more was released than used. */
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
  /** Units at the window's start, carried over from the window before. */
  carried: number;
}

/**
 * The window's days so far. Daily totals do not show the hour when the window began, so the meter's own count `used`
 * decides. An excess of the first days was used before the reset, and a shortfall was carried over.
 */
export function windowDays(history: readonly DayTotal[], windowStart: string, used: number): WindowDays {
  const days = history.filter(({ day }) => day >= windowStart.slice(0, 10));
  const sum = days.reduce((total, { amount }) => total + amount, 0);
  const carried = Math.max(0, used - sum);
  let usedBefore = Math.max(0, sum - used);
  let total = carried;
  return {
    carried,
    days: days.map(({ day, amount }) => {
      const earlier = Math.min(usedBefore, Math.max(0, amount));
      usedBefore -= earlier;
      total += amount - earlier;
      return { day, amount: amount - earlier, total };
    }),
  };
}

/** The first day that ended at or above this share of the limit; null if no day did. */
export function thresholdDay(days: readonly WindowDay[], limit: number, share: number): string | null {
  return days.find(({ total }) => limit > 0 && total >= share * limit)?.day ?? null;
}
