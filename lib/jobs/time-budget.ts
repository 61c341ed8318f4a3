/** Limits how long a run of a job begins new work, so that hosts which end requests do not kill it. */

/** Hosts end a request after 55 seconds or more. The last page and the result take less than the rest. */
const RUN_MS = 45_000;

export interface TimeBudget {
  isOver: () => boolean;
}

/** Begins now. */
export function timeBudget(milliseconds = RUN_MS): TimeBudget {
  const end = performance.now() + milliseconds;
  return { isOver: () => performance.now() >= end };
}
