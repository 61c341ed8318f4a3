import { env } from "@/lib/core/env";
import { singleton } from "@/lib/core/singleton";
import { createEntitlementCache, type EntitlementCache } from "./entitlement-cache";
import { memoryStore } from "./memory";
import { redisStore } from "./redis";

export { ANY_REVISION, type EntitlementCache } from "./entitlement-cache";
export { withInvalidation } from "./invalidation";

/** The process's entitlement cache: in Redis if `REDIS_URL` is set, otherwise in this process's memory. */
export function entitlementCache(): EntitlementCache {
  return singleton("entitlement-cache", () => {
    const { redisUrl } = env();
    return createEntitlementCache(redisUrl ? redisStore(redisUrl) : memoryStore());
  });
}
