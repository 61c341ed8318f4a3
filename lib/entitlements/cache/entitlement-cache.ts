/**
 * What users are entitled to, kept for a short while so that reading it costs no database. The gate never asks here: what
 * may be used is decided on the row itself.
 */
import type { ProductId } from "@/lib/billing/catalog";
import { log } from "@/lib/observability/log";
import { measures } from "@/lib/observability/measures";
import type { VersionedStore } from "./store";

/** One product's entitlement, its place among the news, and how long it holds by itself. */
export interface Fill {
  product: ProductId;
  value: string;
  revision: number;
  freshMs: number;
}

/** Every revision: nothing that was read before may be kept. */
export const ANY_REVISION = Number.MAX_SAFE_INTEGER;

export type EntitlementCache = ReturnType<typeof createEntitlementCache>;

export function createEntitlementCache(store: VersionedStore) {
  const counted = (result: "hit" | "miss" | "error") => measures.cacheReads.inc({ store: store.name, result });

  return {
    /** The values of all these products, or null where one is missing: then all are read again. */
    async read(userId: string, products: readonly ProductId[]): Promise<string[] | null> {
      try {
        const found = await Promise.all(products.map((product) => store.read(keyOf(userId, product))));
        const values = found.filter((value) => value !== null);
        const all = values.length === products.length;
        counted(all ? "hit" : "miss");
        return all ? values : null;
      } catch {
        counted("error");
        return null;
      }
    },

    /** To be asked before the database is read, and given to `keep`. */
    epoch: () => store.epoch(),

    /** Keeps what the database said; what it no longer says by the time it comes here is left out. Never throws. */
    async keep(userId: string, fills: readonly Fill[], epoch: string): Promise<void> {
      try {
        for (const { product, value, revision, freshMs } of fills)
          if (freshMs > 0) await store.write(keyOf(userId, product), value, revision, freshMs, epoch);
      } catch (error) {
        log.debug({ error: String(error) }, "[Cache] An entitlement could not be kept");
      }
    },

    /** There is or will be news of that revision: what is older is not read again. Never throws. */
    forget: (userId: string, product: ProductId, revision: number) => store.forget(keyOf(userId, product), revision),

    end: () => store.end(),
  };
}

function keyOf(userId: string, product: ProductId): string {
  return `entitlement:${product}:${userId}`;
}
