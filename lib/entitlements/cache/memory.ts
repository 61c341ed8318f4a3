import type { VersionedStore } from "./store";

interface Entry {
  revision: number;
  /** null: only the revision is known. */
  value: string | null;
  freshUntil: number;
}

/** What is kept at most; the oldest go first. */
const ENTRIES = 20_000;

/** This process's own memory: other processes' news does not reach it, so it keeps nothing for long. */
export function memoryStore({
  now = () => performance.now(),
  longestMs = 30_000,
  entries = ENTRIES,
} = {}): VersionedStore {
  const kept = new Map<string, Entry>();

  function keep(key: string, entry: Entry): void {
    kept.delete(key);
    kept.set(key, entry);
    if (kept.size <= entries) return;
    const [oldest] = kept.keys();
    if (oldest !== undefined) kept.delete(oldest);
  }

  return {
    name: "memory",
    epoch: () => "",
    async read(key) {
      const entry = kept.get(key);
      return entry !== undefined && entry.freshUntil > now() ? entry.value : null;
    },
    async write(key, value, revision, freshMs) {
      if ((kept.get(key)?.revision ?? -1) > revision) return;
      keep(key, { revision, value, freshUntil: now() + Math.min(freshMs, longestMs) });
    },
    async forget(key, revision) {
      if ((kept.get(key)?.revision ?? -1) >= revision) return;
      keep(key, { revision, value: null, freshUntil: 0 });
    },
    end: () => kept.clear(),
  };
}
