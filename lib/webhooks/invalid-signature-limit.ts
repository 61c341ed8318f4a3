/**
 * Floods of deliveries with bad signatures. Counted by network in this process, since a row in the database for each
 * would be what the flood wants. What is signed always passes: nobody can lock a processor out by writing its address
 * into a header.
 */
const WINDOW_MS = 60_000;
const MAX_BAD = 600;
/** Networks that are remembered at once. */
const MAX_NETWORKS = 10_000;

export interface BadDeliveries {
  /** Counts one, and gives the seconds to wait where it is one too many; null where it is not. */
  count(network: string | null, now: number): number | null;
}

export function badDeliveries(): BadDeliveries {
  const windows = new Map<string, { until: number; count: number }>();
  return {
    count(network, now) {
      const key = network ?? "unknown";
      const known = windows.get(key);
      const window = known && known.until > now ? known : { until: now + WINDOW_MS, count: 0 };
      if (window !== known && windows.size >= MAX_NETWORKS) windows.clear();
      window.count += 1;
      windows.set(key, window);
      return window.count > MAX_BAD ? Math.ceil((window.until - now) / 1000) : null;
    },
  };
}
