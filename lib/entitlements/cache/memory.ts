import type { VersionedStore } from "./store";

interface Entry {
  revision: number;
  /** null after an invalidation: only the revision is known. */
  value: string | null;
  freshUntil: number;
}

/** Above this number the oldest entry is removed. */
const MAX_ENTRIES = 20_000;

/** A store in this process's memory. Other processes cannot invalidate it, so its values expire soon. */
export function memoryStore({
  now = () => performance.now(),
  maxFreshMs = 30_000,
  maxEntries = MAX_ENTRIES,
} = {}): VersionedStore {
  const entries = new Map<string, Entry>();

  function put(key: string, entry: Entry): void {
    entries.delete(key);
    entries.set(key, entry);
    if (entries.size <= maxEntries) return;
    const [oldest] = entries.keys();
    if (oldest !== undefined) entries.delete(oldest);
  }

  return {
    name: "memory",
    generation: () => "",
    async read(key) {
      const entry = entries.get(key);
      return entry !== undefined && entry.freshUntil > now() ? entry.value : null;
    },
    async write(key, value, revision, freshMs) {
      if ((entries.get(key)?.revision ?? -1) > revision) return;
      put(key, { revision, value, freshUntil: now() + Math.min(freshMs, maxFreshMs) });
    },
    async invalidate(key, revision) {
      if ((entries.get(key)?.revision ?? -1) >= revision) return;
      put(key, { revision, value: null, freshUntil: 0 });
    },
    end: () => entries.clear(),
  };
}
