/** The state of a checkout after its buyer returns: active, paid but not active yet, or unpaid. */

import type { CheckoutStatusView } from "@/lib/billing/schemas/purchase";
import { isProductId } from "@/lib/config/current-catalog";
import { DomainError } from "@/lib/core/domain-error";
import type { StoredCheckout } from "@/lib/database";
import type { CheckoutState, ProcessorClient } from "@/lib/processors/processor-client";
import { reconcile } from "@/lib/webhooks/refresh";
import { mapProcessorError, type PurchaseContext, requireProcessor } from "./purchase-context";

/**
 * The stored state of the user's own checkout; calls no processor.
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
 * Fetches the state from the processor if its webhook is still missing. A paid plan is active when this returns.
 * @throws DomainError not_found, unavailable, DatabaseError
 */
export async function returnFromCheckout(
  userId: string,
  id: string,
  context: PurchaseContext,
): Promise<CheckoutStatusView> {
  const known = await ownCheckout(userId, id, context);
  const { processor, externalId, status } = known;
  if (known.known || externalId === null || status === "closed") return view(known);

  const { client } = await requireProcessor(context, processor);
  const now = await mapProcessorError(processor, client.checkoutState(externalId));
  await recordState(userId, known, now, client, context);
  return view(await ownCheckout(userId, id, context));
}

async function recordState(
  userId: string,
  { id, processor, externalId: transaction }: StoredCheckout,
  now: CheckoutState,
  client: ProcessorClient,
  { gateway }: PurchaseContext,
) {
  if (now.state !== "paid") {
    if (now.state === "expired") await gateway.finishCheckout(userId, id, "closed");
    return;
  }
  const { subscription } = now;
  if (subscription !== null) {
    await mapProcessorError(processor, reconcile({ userId, processor, subscription, transaction }, client, gateway));
  }
  await gateway.finishCheckout(userId, id, "paid", subscription);
}

/** Loads a checkout by our id, and only the user's own: the processor's API would answer for any customer's. */
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
