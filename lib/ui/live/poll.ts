/** How often an open page asks whether something changed. Pure; milliseconds. */

/** What a webhook brings is to be seen within 2 s: this, the answer, and drawing the page. */
const FAST = 800;
const SLOW = 15_000;
/** For so long after the page was opened, or its reader did something, news is likely. */
const LIVELY = 120_000;
/** For so long what is pending is worth asking for often; later it is late. */
const EXPECTED = 600_000;
const LONGEST = 60_000;

/**
 * The wait before the next question: short while something is pending or the reader was just here, long otherwise,
 * and longer with every failure in a row, so that a server in trouble is not asked to death.
 */
export function pollDelay({ pending, idle, failures }: { pending: boolean; idle: number; failures: number }): number {
  const delay = idle < (pending ? EXPECTED : LIVELY) ? FAST : SLOW;
  return Math.min(LONGEST, delay * 2 ** Math.min(failures, 7));
}
