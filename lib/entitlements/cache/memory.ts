import { LRUCache } from "lru-cache";
import type { VersionedStore } from "./store";

interface Entry {
  revision: number;
  /** null after an invalidation: only the revision is known. */
  value: string | null;
  freshUntil: number;
}

/** Above this number the entry that was used longest ago is removed. */
const MAX_ENTRIES = 20_000;

/** A store in this process's memory. Other processes cannot invalidate it, so its values expire soon. */
export function memoryStore({
  now = () => performance.now(),
  maxFreshMs = 30_000,
  maxEntries = MAX_ENTRIES,
} = {}): VersionedStore {
  const entries = new LRUCache<string, Entry>({ max: maxEntries });

  return {
    name: "memory",
    generation: () => "",
    async read(key) {
      const entry = entries.get(key);
      return entry !== undefined && entry.freshUntil > now() ? entry.value : null;
    },
    async write(key, value, revision, freshMs) {
      if ((entries.get(key)?.revision ?? -1) > revision) return;
      entries.set(key, { revision, value, freshUntil: now() + Math.min(freshMs, maxFreshMs) });
    },
    async invalidate(key, revision) {
      if ((entries.get(key)?.revision ?? -1) >= revision) return;
      entries.set(key, { revision, value: null, freshUntil: 0 });
    },
    end: () => entries.clear(),
  };
}
