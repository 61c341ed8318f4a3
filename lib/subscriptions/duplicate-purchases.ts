/**
 * Ends purchases that were paid twice. Paddle cannot close a draft, so a replaced checkout can still be paid in another
 * tab. One of two subscriptions is canceled and refunded: the later one, or the unused one.
 */

import { isProductId } from "@/lib/config/current-catalog";
import { log } from "@/lib/core/observability";
import type { CheckoutKey, DuplicateCheckout, Gateway, OngoingSubscription, StoredCheckout } from "@/lib/database";
import { type ProcessorClient, ProcessorError, type SubscriptionReading } from "@/lib/processors/processor-client";
import { reconcile } from "@/lib/webhooks/refresh";
import type { PurchaseContext } from "./purchase-context";

const BATCH = 20;
/** The actor in the audit log. */
const ACTOR = "job:checkouts";

type Context = Pick<PurchaseContext, "gateway" | "getProcessor">;
type Of<T> = T & { userId: string };

/**
 * One run. If a processor does not answer or refuses, the next run retries the checkout.
 * @param isOver the time of the run is over; the next run begins from the start again
 */
export async function endDuplicatePurchases(
  context: Context,
  isOver: () => boolean = () => false,
): Promise<{ looked: number; ended: number; failed: number }> {
  const result = { looked: 0, ended: 0, failed: 0 };
  for (let after: CheckoutKey | null = null; result.looked < BATCH; ) {
    const page: Awaited<ReturnType<Gateway["unsettledCheckouts"]>> = await context.gateway.unsettledCheckouts(
      BATCH - result.looked,
      after,
    );
    for (const checkout of page.checkouts) {
      result.looked += 1;
      if ((await attempt(checkout, () => closeOrRecord(checkout, context))) === "failed") result.failed += 1;
    }
    if (page.next === null || isOver()) break;
    after = page.next;
  }
  for (let after: CheckoutKey | null = null; ; ) {
    const page: Awaited<ReturnType<Gateway["duplicateCheckouts"]>> = await context.gateway.duplicateCheckouts(after);
    for (const checkout of page.checkouts) {
      const ended = await attempt(checkout, () => endIfDuplicate(checkout, context));
      if (ended === "failed") result.failed += 1;
      else if (ended) result.ended += 1;
    }
    if (page.next === null || isOver()) return result;
    after = page.next;
  }
}

async function attempt<T>({ userId, id, processor, product }: Of<StoredCheckout>, work: () => Promise<T>) {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ProcessorError)) throw error;
    log.warn(
      { userId, checkout: id, processor, product, error: String(error) },
      "[Job] A checkout beside a subscription could not be closed",
    );
    return "failed";
  }
}

/** Closes a checkout that must not be paid. If it was paid, fetches its subscription: the webhook may be late. */
async function closeOrRecord(
  { userId, id, product, processor, externalId, status }: Of<StoredCheckout>,
  context: Context,
) {
  const { gateway } = context;
  const found = await context.getProcessor(processor);
  if (found === undefined || externalId === null || !isProductId(product)) return;
  const closed = await closeCheckout(externalId, found.client);
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

/** A checkout that the processor does not know any more counts as closed. */
function closeCheckout(externalId: string, client: ProcessorClient) {
  return client.closeCheckout(externalId).catch((error: unknown) => {
    if (error instanceof ProcessorError && error.problem === "not_found") return "closed" as const;
    throw error;
  });
}

type DuplicateAction = "keep" | "refund" | "leave_to_admin";

/**
 * Decides about a subscription beside others of its user and product. Only an unused one is refunded: otherwise each
 * duplicate would give a new quota for free.
 */
export function duplicateAction(subscription: string, living: readonly OngoingSubscription[]): DuplicateAction {
  const own = living.find((each) => each.subscription === subscription);
  if (own === undefined) return "keep";
  const others = living.filter((each) => each !== own);
  const earlier = others.filter((other) => isEarlier(other, own));
  if (own.used) return earlier.some(({ used }) => used) ? "leave_to_admin" : "keep";
  return earlier.length > 0 || others.some(({ used }) => used) ? "refund" : "keep";
}

/** Stripe's times are in seconds: at equal times the id decides, so that only one is refunded. */
function isEarlier(one: OngoingSubscription, other: OngoingSubscription): boolean {
  const [a, b] = [one, other].map(({ begunAt }) => (begunAt === null ? Number.POSITIVE_INFINITY : Date.parse(begunAt)));
  return a === b ? one.subscription < other.subscription : (a as number) < (b as number);
}

async function endIfDuplicate(checkout: DuplicateCheckout, context: Context): Promise<boolean> {
  const { userId, id, product, processor, externalId, subscription } = checkout;
  if (externalId === null || subscription === null) return false;
  const { gateway } = context;
  const details = { processor, product, checkout: id, subscription, transaction: externalId };
  const verdict = checkout.ending ? "refund" : duplicateAction(subscription, checkout.living);
  if (verdict === "keep") return false;
  if (verdict === "leave_to_admin") {
    await gateway.recordAuditEntry(ACTOR, "purchase.duplicate", userId, details);
    await gateway.markDuplicateCheckout(userId, id, "used");
    log.warn({ userId, ...details }, "[Job] Two purchases were paid and used: neither was ended");
    return false;
  }
  const found = await context.getProcessor(processor);
  if (found === undefined) return false;
  await endAndRefund(checkout, details, found.client, gateway);
  return true;
}

/** Details of the audit entry. */
type Details = Record<"processor" | "product" | "checkout" | "subscription" | "transaction", string>;

/** Cancels the subscription, then refunds it if it is unused. Each step can be repeated: the next run retries it. */
async function endAndRefund(
  { userId, id, processor }: DuplicateCheckout,
  details: Details,
  client: ProcessorClient,
  gateway: Context["gateway"],
) {
  const { subscription, transaction } = details;
  await gateway.markDuplicateCheckout(userId, id, "ending");
  if (!hasEnded(await client.subscription(subscription))) await client.cancel(subscription, "now");
  await reconcile({ userId, processor, subscription, transaction }, client, gateway);
  // The plan has ended, so its usage is final.
  const { used } = await gateway.markDuplicateCheckout(userId, id, "ending");
  if (!used) await client.refundCheckout(transaction);
  await gateway.recordAuditEntry(ACTOR, used ? "purchase.ended" : "purchase.refunded", userId, details);
  await gateway.markDuplicateCheckout(userId, id, used ? "used" : "refunded");
  log.warn({ userId, ...details, refunded: !used }, "[Job] A duplicate purchase was ended");
}

function hasEnded({ facts, shared }: SubscriptionReading): boolean {
  const known = [...facts.map(({ fact }) => fact), ...(shared === null ? [] : [shared])];
  return known.some(({ state }) => state.status === "canceled");
}
