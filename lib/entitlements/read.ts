/** Reads the plans and limits of a user, without the usage. Every page calls it to show or hide features. */
import { z } from "zod";
import { type Entitlement, entitlementSchema } from "@/lib/billing/schemas/usage-view";
import { productIds } from "@/lib/config/current-catalog";
import { type Gateway, gateway } from "@/lib/database";
import { type EntitlementCache, entitlementCache } from "./cache";

const entitlements = z.array(entitlementSchema);

/**
 * Plan and limits of every product, as of the last commit. A value can be up to 5 minutes old if another process could
 * not invalidate the cache. The gate never calls this: it decides on the row itself.
 */
export async function entitlementsOf(
  userId: string,
  { database = gateway, cache = entitlementCache() }: { database?: () => Gateway; cache?: EntitlementCache } = {},
): Promise<{ userId: string; entitlements: Entitlement[] }> {
  const cached = await cache.read(userId, productIds());
  // Another version of the program may have cached another shape: that is a miss.
  const parsed = cached && entitlements.safeParse(cached.map((value) => JSON.parse(value)));
  if (parsed?.success) return { userId, entitlements: parsed.data };

  const generation = cache.generation();
  const start = performance.now();
  const read = await database().entitlements(userId);
  const readMs = performance.now() - start;
  const fills = read.map(({ product, revision, freshMs, entitlement }) => ({
    product,
    revision,
    value: JSON.stringify(entitlement),
    freshMs: freshMs - readMs,
  }));
  await cache.write(userId, fills, generation);
  return {
    userId,
    entitlements: productIds().flatMap((id) =>
      read.filter(({ product }) => product === id).map(({ entitlement }) => entitlement),
    ),
  };
}
