/**
 * Purchases that were paid twice. Paddle cannot close a draft, so a replaced checkout can still be paid in another tab. Of
 * two subscriptions one is ended and its payment refunded: the later one, or the one of which nothing was used.
 */

import { isProductId } from "@/lib/config/current-catalog";
import { log } from "@/lib/core/observability";
import type { DuplicateCheckout, OngoingSubscription, StoredCheckout } from "@/lib/database";
import { type ProcessorClient, ProcessorError, type SubscriptionReading } from "@/lib/processors/processor-client";
import { reconcile } from "@/lib/webhooks/refresh";
import type { PurchaseContext } from "./purchase-context";

const BATCH = 20;
/** Two subscriptions of one user and product are rare. */
const DOUBLED = 200;
/** Who did it, in the audit log. */
const ACTOR = "job:checkouts";

type Shop = Pick<PurchaseContext, "gateway" | "getProcessor">;
type Of<T> = T & { userId: string };

/** One round. A checkout whose processor does not answer or refuses is tried again in the next round. */
export async function endDuplicatePurchases(shop: Shop): Promise<{ looked: number; ended: number; failed: number }> {
  const result = { looked: 0, ended: 0, failed: 0 };
  for (const checkout of await shop.gateway.unsettledCheckouts(BATCH)) {
    result.looked += 1;
    if ((await attempt(checkout, () => settle(checkout, shop))) === "failed") result.failed += 1;
  }
  for (const checkout of await shop.gateway.duplicateCheckouts(DOUBLED)) {
    const ended = await attempt(checkout, () => endIfDoubled(checkout, shop));
    if (ended === "failed") result.failed += 1;
    else if (ended) result.ended += 1;
  }
  return result;
}

async function attempt<T>({ userId, id, processor, product }: Of<StoredCheckout>, work: () => Promise<T>) {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ProcessorError)) throw error;
    log.warn(
      { userId, checkout: id, processor, product, error: String(error) },
      "[Job] A checkout beside a subscription could not be settled",
    );
    return "failed";
  }
}

/** Closes a checkout that should not be paid any more. If it was paid, its subscription is fetched: its webhook may be late. */
async function settle({ userId, id, product, processor, externalId, status }: Of<StoredCheckout>, shop: Shop) {
  const { gateway } = shop;
  const found = await shop.getProcessor(processor);
  if (found === undefined || externalId === null || !isProductId(product)) return;
  const closed = await close(externalId, found.client);
  if (closed !== "paid") {
    if (closed !== status && status !== "paid") await gateway.finishCheckout(userId, id, closed);
    return;
  }
  const now = await found.client.checkoutState(externalId);
  if (now.state !== "paid" || now.subscription === null) return;
  const { subscription } = now;
  await reconcile({ userId, processor, subscription, transaction: externalId }, found.client, gateway);
  await gateway.finishCheckout(userId, id, "paid", subscription);
}

/** A checkout that the processor has forgotten cannot be paid any more. */
function close(externalId: string, client: ProcessorClient) {
  return client.closeCheckout(externalId).catch((error: unknown) => {
    if (error instanceof ProcessorError && error.problem === "not_found") return "closed" as const;
    throw error;
  });
}

type Verdict = "keep" | "give_back" | "leave_to_admin";

/**
 * What to do about a subscription beside others of its user and product. Only one of which nothing was used is given back:
 * else each duplicate would give a fresh quota for nothing.
 */
export function verdictOf(subscription: string, living: readonly OngoingSubscription[]): Verdict {
  const own = living.find((each) => each.subscription === subscription);
  if (own === undefined) return "keep";
  const others = living.filter((each) => each !== own);
  const earlier = others.filter((other) => isEarlier(other, own));
  if (own.used) return earlier.some(({ used }) => used) ? "leave_to_admin" : "keep";
  return earlier.length > 0 || others.some(({ used }) => used) ? "give_back" : "keep";
}

/** In one second of Stripe's clock the id decides, so that never both are given back. */
function isEarlier(one: OngoingSubscription, other: OngoingSubscription): boolean {
  const [a, b] = [one, other].map(({ begunAt }) => (begunAt === null ? Number.POSITIVE_INFINITY : Date.parse(begunAt)));
  return a === b ? one.subscription < other.subscription : (a as number) < (b as number);
}

async function endIfDoubled(checkout: DuplicateCheckout, shop: Shop): Promise<boolean> {
  const { userId, id, product, processor, externalId, subscription } = checkout;
  if (externalId === null || subscription === null) return false;
  const { gateway } = shop;
  const details = { processor, product, checkout: id, subscription, transaction: externalId };
  const verdict = checkout.ending ? "give_back" : verdictOf(subscription, checkout.living);
  if (verdict === "keep") return false;
  if (verdict === "leave_to_admin") {
    await gateway.recordAuditEntry(ACTOR, "purchase.duplicate", userId, details);
    await gateway.markDuplicateCheckout(userId, id, "used");
    log.warn({ userId, ...details }, "[Job] Two purchases were paid and used: neither was ended");
    return false;
  }
  const found = await shop.getProcessor(processor);
  if (found === undefined) return false;
  await giveBack(checkout, details, found.client, gateway);
  return true;
}

/** For the audit log. */
type Details = Record<"processor" | "product" | "checkout" | "subscription" | "transaction", string>;

/** Each step can be repeated: the checkout stays in the next rounds until all of them are done. */
async function giveBack(
  { userId, id, processor }: DuplicateCheckout,
  details: Details,
  client: ProcessorClient,
  gateway: Shop["gateway"],
) {
  const { subscription, transaction } = details;
  await gateway.markDuplicateCheckout(userId, id, "ending");
  if (!hasEnded(await client.subscription(subscription))) await client.cancel(subscription, "now");
  await reconcile({ userId, processor, subscription, transaction }, client, gateway);
  // The plan is given no more. What was used of it before is known now.
  const { used } = await gateway.markDuplicateCheckout(userId, id, "ending");
  if (!used) await client.refundCheckout(transaction);
  await gateway.recordAuditEntry(ACTOR, used ? "purchase.ended" : "purchase.refunded", userId, details);
  await gateway.markDuplicateCheckout(userId, id, used ? "used" : "refunded");
  log.warn({ userId, ...details, refunded: !used }, "[Job] A duplicate purchase was ended");
}

function hasEnded({ facts, shared }: SubscriptionReading): boolean {
  const known = [...facts.map(({ fact }) => fact), ...(shared === null ? [] : [shared])];
  return known.some(({ image }) => image.status === "canceled");
}
