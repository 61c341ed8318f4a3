/** The delays between the polls of an open page. Pure. */

/** After a purchase or a change, the effect of its webhook is visible within 2 s: this delay, the answer, and rendering. */
const PENDING_MS = 800;
/** A pending change is polled often for this long; after that it is overdue. */
const PENDING_FOR_MS = 600_000;
/** The user is at the page, and may use the product in another window. */
const ACTIVE_MS = 10_000;
const ACTIVE_FOR_MS = 60_000;
/** An idle page. A page that the user returns to refreshes at once. */
const IDLE_MS = 60_000;

interface PollState {
  /** Milliseconds since a change became pending; null if none is. */
  pendingMs: number | null;
  /** Milliseconds since the user's last input on the page; null if there was none. */
  inputMs: number | null;
  /** Failed polls in a row. */
  failures: number;
}

/**
 * The delay before the next poll, in milliseconds. Each failure in a row doubles it, up to a minute, so that pages do not
 * overload a failing server.
 */
export function pollDelay({ pendingMs, inputMs, failures }: PollState): number {
  return Math.min(IDLE_MS, usualDelay(pendingMs, inputMs) * 2 ** Math.min(failures, 7));
}

function usualDelay(pendingMs: number | null, inputMs: number | null): number {
  if (pendingMs !== null && pendingMs < PENDING_FOR_MS) return PENDING_MS;
  if (inputMs !== null && inputMs < ACTIVE_FOR_MS) return ACTIVE_MS;
  return IDLE_MS;
}
