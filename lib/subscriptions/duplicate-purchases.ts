/**
 * Purchases that were paid beside another. A checkout that is replaced is closed at the processor. Paddle cannot close a
 * draft, so its page can still be paid in another tab. That second subscription is ended at once, and its refund requested.
 */

import { isProductId } from "@/lib/config/catalog";
import { log } from "@/lib/core/observability";
import type { StoredCheckout } from "@/lib/database";
import { type ProcessorClient, ProcessorError, type SubscriptionReading } from "@/lib/processors/processor-client";
import { currentOf } from "./load-subscription";
import type { Selling } from "./purchase-context";

const BATCH = 20;
/** Who did it, in the audit log. */
const ACTOR = "job:checkouts";

type Shop = Pick<Selling, "gateway" | "reach">;

/** One round. A checkout whose processor does not answer or refuses is tried again in the next round. */
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
  if (others.length > 0)
    await giveBack(userId, checkout, { subscription, transaction: externalId }, found.client, shop);
  await shop.gateway.concludeCheckout(userId, id, "paid", subscription);
  return others.length > 0;
}

interface Doubled {
  subscription: string;
  transaction: string;
}

/** Each step can be repeated: the checkout stays in the next rounds until all of them are done. */
async function giveBack(
  userId: string,
  { id, product, processor }: StoredCheckout,
  doubled: Doubled,
  client: ProcessorClient,
  { gateway }: Shop,
): Promise<void> {
  const { subscription, transaction } = doubled;
  if (!hasEnded(await client.subscription(subscription))) await client.cancel(subscription, "now");
  await client.refundCheckout?.(transaction);
  const details = { processor, product, checkout: id, subscription, transaction };
  await gateway.recordAuditEntry(ACTOR, "purchase.refunded", userId, details);
  log.warn({ userId, ...details }, "[Job] A doubled purchase was ended and its refund requested");
}

function hasEnded({ facts, shared }: SubscriptionReading): boolean {
  const known = [...facts.map(({ fact }) => fact), ...(shared === null ? [] : [shared])];
  return known.some(({ image }) => image.status === "canceled");
}
