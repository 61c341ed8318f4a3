/**
 * Purchases that were paid beside another. A checkout that is replaced is closed at the processor; where the processor has
 * no way to (a Paddle draft), its page stays open in some tab. Paid after all, it would be a second subscription: it is
 * ended at once, and what was paid for it is for an admin to give back.
 */
import type { StoredCheckout } from "@/lib/database";
import { log } from "@/lib/observability";
import { isProductId } from "./catalog";
import { currentOf } from "./current";
import { ProcessorError } from "./processors/client";
import type { Selling } from "./selling";

const BATCH = 20;

type Shop = Pick<Selling, "gateway" | "reach">;

/** One round. What cannot be asked now is asked in the next. */
export async function endDoubled(shop: Shop): Promise<{ looked: number; ended: number; failed: number }> {
  const result = { looked: 0, ended: 0, failed: 0 };
  for (const { userId, ...checkout } of await shop.gateway.leftOpenCheckouts(BATCH)) {
    result.looked += 1;
    try {
      if (await endIfDoubled(userId, checkout, shop)) result.ended += 1;
    } catch (error) {
      if (!(error instanceof ProcessorError)) throw error;
      log.warn({ userId, ...checkout, error: String(error) }, "[Job] A replaced checkout could not be looked at");
      result.failed += 1;
    }
  }
  return result;
}

async function endIfDoubled(userId: string, checkout: StoredCheckout, shop: Shop): Promise<boolean> {
  const { id, product, processor, externalId } = checkout;
  const found = await shop.reach(processor);
  if (found === undefined || externalId === null || !isProductId(product)) return false;
  const now = await found.client.checkoutState(externalId);
  if (now.state === "expired") await shop.gateway.concludeCheckout(userId, id, "closed");
  if (now.state !== "paid" || now.subscription === null) return false;

  const { subscription } = now;
  const { timeline } = await currentOf(userId, product, shop.gateway);
  const others = timeline.mirrors.filter((mirror) => mirror.endedAt === null && mirror.subscription !== subscription);
  if (others.length > 0) {
    await found.client.cancel(subscription, "now");
    log.error(
      { userId, processor, subscription, transaction: externalId },
      "[Job] A doubled purchase was ended: refund it",
    );
  }
  await shop.gateway.concludeCheckout(userId, id, "paid", subscription);
  return others.length > 0;
}
