/**
 * Caches the entitlements of users for a short time, so that most reads need no database call. The gate never reads the
 * cache: it decides on the row itself.
 */
import type { ProductId } from "@/lib/config/catalog";
import { log } from "@/lib/core/observability/log";
import { metrics } from "@/lib/core/observability/metrics";
import type { VersionedStore } from "./store";

/** One product's entitlement, the revision it was read at, and the time until it can change without a commit. */
export interface Fill {
  product: ProductId;
  value: string;
  revision: number;
  freshMs: number;
}

/** Newer than every revision: values that were read before are not cached. */
export const ANY_REVISION = Number.MAX_SAFE_INTEGER;

export type EntitlementCache = ReturnType<typeof createEntitlementCache>;

/** A cache over one store. No method throws. */
export function createEntitlementCache(store: VersionedStore) {
  const countRead = (result: "hit" | "miss" | "error") => metrics.cacheReads.inc({ store: store.name, result });

  return {
    /** The values of all these products. If one is missing, null: the caller reads all from the database. */
    async read(userId: string, products: readonly ProductId[]): Promise<string[] | null> {
      try {
        const found = await Promise.all(products.map((product) => store.read(keyOf(userId, product))));
        const values = found.filter((value) => value !== null);
        const all = values.length === products.length;
        countRead(all ? "hit" : "miss");
        return all ? values : null;
      } catch {
        countRead("error");
        return null;
      }
    },

    /** Callers read it before they read the database, and pass it to `write`. */
    generation: () => store.generation(),

    /** Caches the values that the database returned, except those that were invalidated since. Never throws. */
    async write(userId: string, fills: readonly Fill[], generation: string): Promise<void> {
      try {
        for (const { product, value, revision, freshMs } of fills)
          if (freshMs > 0) await store.write(keyOf(userId, product), value, revision, freshMs, generation);
      } catch (error) {
        log.debug({ error: String(error) }, "[Cache] Writing an entitlement failed");
      }
    },

    /** Removes values older than this revision, which is or will be committed. Never throws. */
    invalidate: (userId: string, product: ProductId, revision: number) =>
      store.invalidate(keyOf(userId, product), revision),

    end: () => store.end(),
  };
}

function keyOf(userId: string, product: ProductId): string {
  return `entitlement:${product}:${userId}`;
}
