/** Invalidates the cache on each change of entitlements. */
import { meterOf, productIds } from "@/lib/config/current-catalog";
import type { Gateway } from "@/lib/database/gateway";
import { ANY_REVISION, type EntitlementCache } from "./entitlement-cache";

/** The gateway, with an invalidation before or after each call that changes entitlements. */
export function withInvalidation(gateway: Gateway, cache: EntitlementCache): Gateway {
  return {
    ...gateway,
    // Before the commit, so that a process that is killed after the commit leaves no old value. If the commit fails, the
    // next read queries the database and is correct as well.
    async commitTimeline(input) {
      await cache.invalidate(input.userId, input.product, input.revision + 1);
      return gateway.commitTimeline(input);
    },
    async moveSubscription(input) {
      for (const { userId, product, revision } of input.parts) await cache.invalidate(userId, product, revision + 1);
      return gateway.moveSubscription(input);
    },
    async rebuildTimeline(userId, product, revision, timeline, repair) {
      // A repair keeps the revision, so values are cached again only after the next commit.
      if (repair) await cache.invalidate(userId, product, revision + 1);
      return gateway.rebuildTimeline(userId, product, revision, timeline, repair);
    },
    async setLimitOverride(userId, field, limit, options) {
      const granted = await gateway.setLimitOverride(userId, field, limit, options);
      await cache.invalidate(userId, meterOf(field).productId, granted.revision);
      return granted;
    },
    async setSandboxClock(userId, to) {
      const moved = await gateway.setSandboxClock(userId, to);
      for (const product of productIds()) await cache.invalidate(userId, product, ANY_REVISION);
      return moved;
    },
  };
}
