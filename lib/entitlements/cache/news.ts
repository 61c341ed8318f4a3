/** Tells the cache of everything that changes what a user is entitled to. */
import { meterOf, PRODUCT_IDS } from "@/lib/billing/catalog";
import type { Gateway } from "@/lib/database/gateway";
import { ANY_REVISION, type EntitlementCache } from "./entitlement-cache";

/** The gateway itself, whose changes the cache hears of. */
export function withNews(gateway: Gateway, cache: EntitlementCache): Gateway {
  return {
    ...gateway,
    // Before the commit: a process that dies after it leaves nothing old behind. Where the commit fails, the next read
    // asks the database, and is right as well.
    async commitTimeline(input) {
      await cache.forget(input.userId, input.product, input.revision + 1);
      return gateway.commitTimeline(input);
    },
    async moveSubscription(input) {
      for (const { userId, product, revision } of input.parts) await cache.forget(userId, product, revision + 1);
      return gateway.moveSubscription(input);
    },
    async rebuildTimeline(userId, product, revision, timeline, repair) {
      // A repair keeps the revision: nothing of it is kept until the next one.
      if (repair) await cache.forget(userId, product, revision + 1);
      return gateway.rebuildTimeline(userId, product, revision, timeline, repair);
    },
    async setLimitOverride(userId, field, limit, options) {
      const granted = await gateway.setLimitOverride(userId, field, limit, options);
      await cache.forget(userId, meterOf(field).productId, granted.revision);
      return granted;
    },
    async setSandboxClock(userId, to) {
      const moved = await gateway.setSandboxClock(userId, to);
      for (const product of PRODUCT_IDS) await cache.forget(userId, product, ANY_REVISION);
      return moved;
    },
  };
}
