/** What a user is entitled to, without what they used: for showing and hiding features, asked on every page. */
import { z } from "zod";
import { PRODUCT_IDS } from "@/lib/billing/catalog";
import { type Entitlement, entitlementSchema } from "@/lib/billing/schemas/usage-view";
import { type Gateway, gateway } from "@/lib/database";
import { type EntitlementCache, entitlementCache } from "./cache";

const entitlements = z.array(entitlementSchema);

/**
 * Plan and limits of every product, as of the last commit; up to 5 minutes old only where another process's news could
 * not reach the cache. Never decides whether something may be used: that is the gate's.
 */
export async function entitlementsOf(
  userId: string,
  { database = gateway, cache = entitlementCache() }: { database?: () => Gateway; cache?: EntitlementCache } = {},
): Promise<{ userId: string; entitlements: Entitlement[] }> {
  const kept = await cache.read(userId, PRODUCT_IDS);
  // What another version of the program kept may have another shape: then it is as if there were nothing.
  const known = kept && entitlements.safeParse(kept.map((value) => JSON.parse(value)));
  if (known?.success) return { userId, entitlements: known.data };

  const epoch = cache.epoch();
  const start = performance.now();
  const read = await database().entitlements(userId);
  const took = performance.now() - start;
  const fills = read.map(({ product, revision, freshMs, entitlement }) => ({
    product,
    revision,
    value: JSON.stringify(entitlement),
    freshMs: freshMs - took,
  }));
  await cache.keep(userId, fills, epoch);
  return {
    userId,
    entitlements: PRODUCT_IDS.flatMap((id) =>
      read.filter(({ product }) => product === id).map(({ entitlement }) => entitlement),
    ),
  };
}
