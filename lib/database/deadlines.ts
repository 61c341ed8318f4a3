/**
 * How long one call of a function may take, connecting included, in milliseconds. A caller is answered within 4 s, with a
 * 503 if need be: calls of the gate may have waited for their turn before (coalesce.ts), so that less is left to them.
 */
export function deadlineOf(name: string): number {
  return GATHERED.has(name) ? 2_200 : 3_500;
}

const GATHERED: ReadonlySet<string> = new Set(["consume_batch", "consume_in_turn"]);
