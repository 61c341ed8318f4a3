/** Limits how long work in parts begins a new part. */

/** Hosts end a request after 55 seconds or more. The last page and the result take less than the rest. */
const RUN_MS = 45_000;

export interface TimeBudget {
  isOver: () => boolean;
}

/** Begins now. By default the time of a run of a job. */
export function timeBudget(milliseconds = RUN_MS): TimeBudget {
  const end = performance.now() + milliseconds;
  return { isOver: () => performance.now() >= end };
}
