/** The delays between the polls of an open page. Pure. */

/** A webhook's effect is visible within 2 s: this delay, the answer, and rendering. */
const FAST_MS = 800;
const SLOW_MS = 15_000;
/** Changes are likely for this long after the page was opened or the user was active. */
const ACTIVE_MS = 120_000;
/** A pending change is polled often for this long; after that it is overdue. */
const PENDING_MS = 600_000;
const LONGEST_MS = 60_000;

/**
 * The delay before the next poll, in milliseconds: short while a change is pending or the user is active, otherwise long.
 * Each failure in a row doubles it, so that pages do not overload a failing server.
 */
export function pollDelay({
  pending,
  idleMs,
  failures,
}: {
  pending: boolean;
  idleMs: number;
  failures: number;
}): number {
  const delay = idleMs < (pending ? PENDING_MS : ACTIVE_MS) ? FAST_MS : SLOW_MS;
  return Math.min(LONGEST_MS, delay * 2 ** Math.min(failures, 7));
}
