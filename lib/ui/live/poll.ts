/** How often an open page polls for changes. Pure; milliseconds. */

/** A webhook's effect is visible within 2 s: this delay, the answer, and rendering. */
const FAST = 800;
const SLOW = 15_000;
/** Changes are likely for this long after the page was opened or the reader was active. */
const LIVELY = 120_000;
/** A pending change is polled often for this long; later it is overdue. */
const EXPECTED = 600_000;
const LONGEST = 60_000;

/**
 * The delay before the next poll: short while a change is pending or the reader is active, long otherwise. Each failure
 * in a row doubles it, to spare a server in trouble.
 */
export function pollDelay({ pending, idle, failures }: { pending: boolean; idle: number; failures: number }): number {
  const delay = idle < (pending ? EXPECTED : LIVELY) ? FAST : SLOW;
  return Math.min(LONGEST, delay * 2 ** Math.min(failures, 7));
}
