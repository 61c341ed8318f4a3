/**
 * Buying a plan. However often it is clicked, in however many tabs, for whatever plans and at both processors at once,
 * one purchase of a product can be paid at a time: `begin_checkout` lets one in under the row's lock, and what is open
 * already is given again, or closed before another is opened.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { CheckoutView } from "@/lib/billing/schemas/purchase";
import type { CheckoutInput } from "@/lib/billing/schemas/purchase-requests";
import { freePlan, type ProductId } from "@/lib/config/catalog";
import { findPlan, product as productOf, sales } from "@/lib/config/current-catalog";
import type { Processor } from "@/lib/config/terms";
import { CHECKOUT_MS } from "@/lib/core/deadlines";
import { DomainError } from "@/lib/core/domain-error";
import { log } from "@/lib/core/observability";
import type { StoredCheckout } from "@/lib/database";
import { ProcessorError } from "@/lib/processors/processor-client";
import type { ProcessorConnection } from "@/lib/processors/registry";
import { reconcile } from "@/lib/webhooks/refresh";
import { checkPlanFits } from "./check-plan-fits";
import { loadSubscription } from "./load-subscription";
import { asked, codeNotValid, notConfigured, type PurchaseContext, priceOf, reached } from "./purchase-context";

export interface Buyer {
  id: string;
  email: string | null;
}

const PAUSE_MS = 200;

/**
 * Gives the address at which this plan is paid.
 * @throws DomainError bad_input (not sold, `code_not_valid`), not_found, conflict (`already_subscribed`, `trial_used`,
 *   `checkout_in_progress`), unavailable; DatabaseError
 */
export async function checkout(buyer: Buyer, wanted: CheckoutInput, shop: PurchaseContext): Promise<CheckoutView> {
  const { gateway } = shop;
  const { product, processor } = wanted;
  const plan = soldPlan(product, wanted.plan);
  const refusal = await checkPlanFits(gateway, buyer.id, plan, product);
  if (refusal) throw refusal;
  if (wanted.code !== undefined && !sales().promotionCodes) throw codeNotValid();

  const found = await reached(shop, processor);
  if (!found.sells) throw notConfigured(processor);
  const priceId = priceOf(found, { ...wanted, plan });
  await gateway.ensureUser(buyer.id, buyer.email, null);
  const trialDays = wanted.trial ? await trialFor(buyer.id, wanted, shop) : undefined;

  const patience = Date.now() + CHECKOUT_MS;
  let asksAgain = true;
  for (;;) {
    const begun = await gateway.beginCheckout({ userId: buyer.id, ...wanted, plan });
    switch (begun.outcome) {
      case "begun":
        return open(buyer, begun.checkout, { priceId, trialDays, code: wanted.code }, found, shop);
      case "open": {
        const given = await giveAgain(buyer.id, begun.checkout, { ...wanted, plan }, shop);
        if (given !== null) return given;
        break;
      }
      case "subscribed":
        // One that gives nothing may have ended without our hearing of it.
        if (begun.subscription.inForce || !asksAgain) throw alreadySubscribed(product, begun.subscription.plan);
        asksAgain = false;
        await askAgain(buyer.id, begun.subscription, shop);
        break;
      case "busy":
        await sleep(PAUSE_MS);
    }
    if (Date.now() > patience) {
      throw new DomainError(
        "conflict",
        "checkout_in_progress",
        "Another checkout is being opened. Try again in a moment.",
      );
    }
  }
}

/** @throws DomainError bad_input */
function soldPlan(product: ProductId, name: string): string {
  const plan = name.toLowerCase();
  if (!findPlan(product, plan))
    throw new DomainError("bad_input", "bad_input", "plan: there is no such plan", { field: "plan" });
  if (plan !== freePlan(productOf(product)).id) return plan;
  throw new DomainError("bad_input", "plan_not_sold", "The free plan needs no checkout.", { field: "plan" });
}

/** @throws DomainError bad_input if there is no trial, conflict if the user has had it */
async function trialFor(
  userId: string,
  { product, processor }: CheckoutInput,
  { gateway }: PurchaseContext,
): Promise<number> {
  const { name, trialDays } = productOf(product);
  // Paddle keeps trials with its prices: none can be asked for.
  if (trialDays === undefined || processor === "paddle") {
    throw new DomainError("bad_input", "no_trial", `There is no trial of ${name} here.`, { field: "trial" });
  }
  const { timeline } = await loadSubscription(userId, product, gateway);
  if (!timeline.periods.some(({ trial }) => trial)) return trialDays;
  throw new DomainError("conflict", "trial_used", `You have tried ${name} before. You can subscribe without a trial.`);
}

function alreadySubscribed(product: ProductId, plan: string | null): DomainError {
  const { name, plans } = productOf(product);
  const held = plan === null ? "a subscription" : `the ${plans[plan]?.name ?? plan} plan`;
  const message = `You have ${held} of ${name} already. Change it instead of buying a second one.`;
  return new DomainError("conflict", "already_subscribed", message, { product, plan });
}

interface Sale {
  priceId: string;
  trialDays: number | undefined;
  code: string | undefined;
}

/** Asks the processor, and stores whose the purchase is before anybody can pay it. */
async function open(
  buyer: Buyer,
  begun: StoredCheckout,
  { priceId, trialDays, code }: Sale,
  found: ProcessorConnection,
  shop: PurchaseContext,
) {
  const { gateway, appUrl } = shop;
  const { id, processor, product } = begun;
  try {
    const customer = await customerFor(buyer, begun, found, shop);
    const made = await asked(
      processor,
      found.client.checkout({
        userId: buyer.id,
        customer,
        email: buyer.email,
        priceId,
        returnUrl: `${appUrl}/billing?checkout=${id}`,
        checkoutPage: `${appUrl}/checkout/${processor}?checkout=${id}`,
        cancelUrl: `${appUrl}/pricing?${new URLSearchParams({ product, ...(code !== undefined && { code }) })}`,
        idempotencyKey: id,
        ...(trialDays !== undefined && { trialDays }),
        ...(code !== undefined && { code }),
      }),
    );
    const { opened } = await gateway.openCheckout(buyer.id, id, made.transaction, made.url);
    if (opened) return { url: made.url, checkout: id };
    // It took so long that another was let in: this one is nobody's.
    await asked(processor, found.client.closeCheckout(made.transaction));
    throw new DomainError("conflict", "checkout_in_progress", "Another checkout has been opened meanwhile. Try again.");
  } catch (error) {
    // Nobody has its address: it blocks the next try no longer.
    await gateway.finishCheckout(buyer.id, id, "closed");
    throw error;
  }
}

/**
 * The user's own customer at the processor, made and stored before the checkout, so that every event of it is at home.
 * Never found by email: an address proves nothing.
 */
async function customerFor(
  buyer: Buyer,
  { id, processor }: StoredCheckout,
  { client }: ProcessorConnection,
  { gateway }: PurchaseContext,
) {
  const { customers } = await gateway.billingAccounts(buyer.id);
  const known = customers.find((each) => each.processor === processor);
  if (known) return known.customer;
  const { id: userId, email } = buyer;
  const made = await asked(processor, client.customer({ userId, email, idempotencyKey: id }));
  if (made !== null) await gateway.linkCustomer(processor, made, userId, "checkout");
  return made;
}

/** The open checkout's address, where it is for the same; else it is closed, and the answer is null. */
async function giveAgain(userId: string, known: StoredCheckout, wanted: CheckoutInput, shop: PurchaseContext) {
  const { id, processor, externalId, url } = known;
  if (externalId === null || url === null) throw new Error(`The checkout ${id} is open and has no address.`);
  const { client } = await reached(shop, processor);
  const now = await stateOf(known, externalId, shop);
  if (now.state === "paid") return arrived(userId, known, now.subscription, shop);
  if (now.state === "expired") {
    await shop.gateway.finishCheckout(userId, id, "closed");
    return null;
  }
  if (isFor(known, wanted)) return { url, checkout: id };

  const closed = await asked(processor, client.closeCheckout(externalId));
  if (closed === "paid") {
    const paid = await stateOf(known, externalId, shop);
    return arrived(userId, known, paid.state === "paid" ? paid.subscription : null, shop);
  }
  if (closed === "left_open") log.warn({ userId, ...known }, "[Purchase] A replaced checkout could not be closed");
  await shop.gateway.finishCheckout(userId, id, closed);
  return null;
}

/** One that the processor has forgotten cannot be paid any more. */
async function stateOf({ processor }: StoredCheckout, externalId: string, shop: PurchaseContext) {
  const { client } = await reached(shop, processor);
  return asked(
    processor,
    client.checkoutState(externalId).catch((error: unknown) => {
      if (error instanceof ProcessorError && error.problem === "not_found") return { state: "expired" } as const;
      throw error;
    }),
  );
}

function isFor(known: StoredCheckout, { product, plan, interval, processor, trial, code }: CheckoutInput): boolean {
  return (
    known.product === product &&
    known.plan === plan &&
    known.interval === interval &&
    known.processor === processor &&
    known.trial === trial &&
    known.code === (code ?? null)
  );
}

/** It has been paid, and its news is late: what it sold is fetched, and the next look finds a subscription. */
async function arrived(
  userId: string,
  known: StoredCheckout,
  subscription: string | null,
  shop: PurchaseContext,
): Promise<null> {
  const { processor, externalId } = known;
  if (subscription === null) throw activating();
  const { client } = await reached(shop, processor);
  const told = reconcile({ userId, processor, subscription, transaction: externalId }, client, shop.gateway);
  const { outcome } = await asked(processor, told);
  // Paid, and yet nothing that can be given for it: an admin must look, and nothing may be sold beside it.
  if (outcome === "unknown_price" || outcome === "not_theirs") throw activating();
  await shop.gateway.finishCheckout(userId, known.id, "paid", subscription);
  return null;
}

function activating(): DomainError {
  return new DomainError(
    "conflict",
    "payment_activating",
    "Your payment has been received. Your plan is being activated.",
  );
}

async function askAgain(
  userId: string,
  { processor, id }: { processor: Processor; id: string },
  shop: PurchaseContext,
) {
  const found = await shop.getProcessor(processor);
  if (found === undefined) return;
  await reconcile({ userId, processor, subscription: id }, found.client, shop.gateway).catch((error: unknown) => {
    if (!(error instanceof ProcessorError)) throw error;
    log.warn({ userId, processor, subscription: id, error: String(error) }, "[Purchase] Could not ask for news");
  });
}
