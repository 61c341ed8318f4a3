import { env } from "@/lib/env";
import { createEntitlementCache, type EntitlementCache } from "./entitlement-cache";
import { memoryStore } from "./memory";
import { redisStore } from "./redis";

export { ANY_REVISION, createEntitlementCache, type EntitlementCache } from "./entitlement-cache";
export { withNews } from "./news";

/** Kept beside the modules, which may be loaded more than once. */
const kept = globalThis as typeof globalThis & { tollgateEntitlements?: EntitlementCache };

/** The process's entitlement cache: Redis where REDIS_URL names one, this process's memory otherwise. */
export function entitlementCache(): EntitlementCache {
  const { redisUrl } = env();
  kept.tollgateEntitlements ??= createEntitlementCache(redisUrl ? redisStore(redisUrl) : memoryStore());
  return kept.tollgateEntitlements;
}
