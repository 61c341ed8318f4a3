/** The way back from a checkout: paid and here, paid and on the way, or not paid. */

import type { CheckoutStatusView } from "@/lib/billing/schemas/purchase";
import { isProductId } from "@/lib/config/current-catalog";
import { DomainError } from "@/lib/core/domain-error";
import type { StoredCheckout } from "@/lib/database";
import type { CheckoutState } from "@/lib/processors/processor-client";
import { reconcile } from "@/lib/webhooks/refresh";
import { asked, type PurchaseContext, reached } from "./purchase-context";

/**
 * What has become of the user's own checkout, by what is stored: no network on a read.
 * @throws DomainError not_found, DatabaseError
 */
export async function checkoutStatus(
  userId: string,
  id: string,
  { gateway }: PurchaseContext,
): Promise<CheckoutStatusView> {
  return view(await ownCheckout(userId, id, { gateway }));
}

/**
 * Asks the processor, where its webhook has not come yet, and adds what it says: the plan is here when this answers.
 * @throws DomainError not_found, unavailable, DatabaseError
 */
export async function returnFromCheckout(
  userId: string,
  id: string,
  shop: PurchaseContext,
): Promise<CheckoutStatusView> {
  const known = await ownCheckout(userId, id, shop);
  const { processor, externalId, status } = known;
  if (known.known || externalId === null || status === "closed") return view(known);

  const { client } = await reached(shop, processor);
  const now = await asked(processor, client.checkoutState(externalId));
  await learn(userId, known, externalId, now, shop);
  return view(await ownCheckout(userId, id, shop));
}

async function learn(
  userId: string,
  { id, processor }: StoredCheckout,
  transaction: string,
  now: CheckoutState,
  shop: PurchaseContext,
) {
  const { gateway } = shop;
  if (now.state !== "paid") {
    if (now.state === "expired") await gateway.finishCheckout(userId, id, "closed");
    return;
  }
  const { subscription } = now;
  if (subscription !== null) {
    const { client } = await reached(shop, processor);
    await asked(processor, reconcile({ userId, processor, subscription, transaction }, client, gateway));
  }
  await gateway.finishCheckout(userId, id, "paid", subscription);
}

/** Only the user's own, by our own id: nobody can ask the processor about somebody else's. */
async function ownCheckout(
  userId: string,
  id: string,
  { gateway }: Pick<PurchaseContext, "gateway">,
): Promise<StoredCheckout> {
  const known = await gateway.loadCheckout(userId, id);
  if (known !== null && isProductId(known.product)) return known;
  throw new DomainError("not_found", "checkout_not_found", "There is no such checkout.");
}

function view({ id, product, plan, interval, processor, status, url, known }: StoredCheckout): CheckoutStatusView {
  if (!isProductId(product)) throw new Error(`The catalog has no product ${product} any more.`);
  const payable = status === "open" || status === "left_open" || status === "opening";
  const shown = known ? "active" : status === "paid" ? "activating" : payable ? "open" : "expired";
  return { checkout: id, product, plan, interval, processor, status: shown, url: shown === "open" ? url : null };
}
