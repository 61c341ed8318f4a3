/**
 * Limits deliveries with invalid signatures. This process counts them by network, since a database row for each would serve
 * the flood. Signed deliveries always pass: a flood that names a processor's address in a header does not block it.
 */
import { LRUCache } from "lru-cache";

const WINDOW_MS = 60_000;
const MAX_INVALID = 600;
/** Networks that are counted at once; above this number the one seen longest ago is forgotten. */
const MAX_NETWORKS = 10_000;

export interface InvalidSignatureLimit {
  /** Counts one delivery. Returns the seconds to wait if the network is over the limit, otherwise null. */
  count(network: string | null, now: number): number | null;
}

export function invalidSignatureLimit(): InvalidSignatureLimit {
  const windows = new LRUCache<string, { until: number; count: number }>({ max: MAX_NETWORKS });
  return {
    count(network, now) {
      const key = network ?? "unknown";
      const known = windows.get(key);
      const window = known && known.until > now ? known : { until: now + WINDOW_MS, count: 0 };
      window.count += 1;
      windows.set(key, window);
      return window.count > MAX_INVALID ? Math.ceil((window.until - now) / 1000) : null;
    },
  };
}
