/**
 * Opens a checkout. A user can pay one purchase of a product at a time, over all tabs, plans and processors.
 * `begin_checkout` admits one request under the row's lock. A checkout that is open already is reused if it is for the
 * same plan; otherwise it is closed before another is opened.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { CheckoutView } from "@/lib/billing/schemas/purchase";
import type { CheckoutInput } from "@/lib/billing/schemas/purchase-requests";
import { freePlan } from "@/lib/config/catalog";
import { paths, planName, product as productOf, sales } from "@/lib/config/current-catalog";
import type { PlanName, ProductName } from "@/lib/config/register";
import type { Processor } from "@/lib/config/terms";
import { CHECKOUT_MS } from "@/lib/core/deadlines";
import { DomainError } from "@/lib/core/domain-error";
import { log } from "@/lib/core/observability";
import type { StoredCheckout } from "@/lib/database";
import { type ProcessorClient, ProcessorError } from "@/lib/processors/processor-client";
import type { ProcessorConnection } from "@/lib/processors/registry";
import { reconcile } from "@/lib/webhooks/refresh";
import { checkPlanFits } from "./check-plan-fits";
import { loadSubscription } from "./load-subscription";
import {
  codeNotValid,
  mapProcessorError,
  notConfigured,
  type PurchaseContext,
  requirePlan,
  requirePriceId,
  requireProcessor,
} from "./purchase-context";

export interface Buyer {
  id: string;
  email: string | null;
}

const RETRY_DELAY_MS = 200;

/**
 * Returns the address of the payment page for a plan.
 * @throws DomainError bad_input (not sold, `code_not_valid`), not_found, conflict (`already_subscribed`, `trial_used`,
 *   `checkout_in_progress`), unavailable; DatabaseError
 */
export async function checkout(
  { id, email: knownEmail }: Buyer,
  input: CheckoutInput,
  context: PurchaseContext,
): Promise<CheckoutView> {
  const { gateway } = context;
  const { product, processor } = input;
  const plan = requireSoldPlan(product, input.plan);
  const refusal = await checkPlanFits(gateway, id, plan, product);
  if (refusal) throw refusal;
  if (input.code !== undefined && !sales().promotionCodes) throw codeNotValid();

  const found = await requireProcessor(context, processor);
  if (!found.sells) throw notConfigured(processor);
  const priceId = requirePriceId(found, { ...input, plan });
  // A service, and some sessions, have no address; the profile may have one.
  const { email } = await gateway.ensureUser(id, knownEmail, null);
  const buyer = { id, email };
  const trialDays = input.trial ? await trialDaysFor(buyer.id, input, context) : undefined;

  const deadline = Date.now() + CHECKOUT_MS;
  let mayRefresh = true;
  for (;;) {
    const begun = await gateway.beginCheckout({ userId: buyer.id, ...input, plan });
    switch (begun.outcome) {
      case "begun":
        return openCheckout(buyer, begun.checkout, { priceId, trialDays, code: input.code }, found, context);
      case "open": {
        const reused = await reuseCheckout(buyer.id, begun.checkout, { ...input, plan }, context);
        if (reused !== null) return reused;
        break;
      }
      case "subscribed":
        // A subscription that entitles to nothing may have ended, and its webhook may be missing.
        if (begun.subscription.inForce || !mayRefresh) throw alreadySubscribed(product, begun.subscription.plan);
        mayRefresh = false;
        await refreshSubscription(buyer.id, begun.subscription, context);
        break;
      case "busy":
        await sleep(RETRY_DELAY_MS);
    }
    if (Date.now() > deadline) {
      throw new DomainError(
        "conflict",
        "checkout_in_progress",
        "Another checkout is being opened. Try again in a moment.",
      );
    }
  }
}

/** @throws DomainError bad_input */
function requireSoldPlan(product: ProductName, name: string): PlanName {
  const plan = requirePlan(product, name);
  if (plan !== freePlan(productOf(product)).id) return plan;
  throw new DomainError("bad_input", "plan_not_sold", "The free plan needs no checkout.", { field: "plan" });
}

/** @throws DomainError bad_input if there is no trial, conflict if the user has had one before */
async function trialDaysFor(
  userId: string,
  { product, processor }: CheckoutInput,
  { gateway }: PurchaseContext,
): Promise<number> {
  const { name, trialDays } = productOf(product);
  // Paddle configures trials on prices: a checkout cannot request one.
  if (trialDays === undefined || processor === "paddle") {
    throw new DomainError("bad_input", "no_trial", `There is no trial of ${name} here.`, { field: "trial" });
  }
  const { timeline } = await loadSubscription(userId, product, gateway);
  if (!timeline.periods.some(({ trial }) => trial)) return trialDays;
  throw new DomainError("conflict", "trial_used", `You have tried ${name} before. You can subscribe without a trial.`);
}

function alreadySubscribed(product: ProductName, plan: string | null): DomainError {
  const held = plan === null ? "a subscription" : `the ${planName(product, plan)} plan`;
  const message = `You have ${held} of ${productOf(product).name} already. Change it instead of buying a second one.`;
  return new DomainError("conflict", "already_subscribed", message, { product, plan });
}

interface CheckoutTerms {
  priceId: string;
  trialDays: number | undefined;
  code: string | undefined;
}

/** Opens the checkout at the processor. Its user is stored before it can be paid. */
async function openCheckout(
  buyer: Buyer,
  begun: StoredCheckout,
  { priceId, trialDays, code }: CheckoutTerms,
  found: ProcessorConnection,
  context: PurchaseContext,
) {
  const { gateway, appUrl } = context;
  const { id, processor, product } = begun;
  try {
    const customer = await customerFor(buyer, begun, found, context);
    const made = await mapProcessorError(
      processor,
      found.client.checkout({
        userId: buyer.id,
        customer,
        email: buyer.email,
        priceId,
        returnUrl: `${appUrl}${paths().billing}?checkout=${id}`,
        checkoutPage: `${appUrl}${paths().checkout}/${processor}?checkout=${id}`,
        cancelUrl: `${appUrl}${paths().pricing}?${new URLSearchParams({ product, ...(code !== undefined && { code }) })}`,
        idempotencyKey: id,
        ...(trialDays !== undefined && { trialDays }),
        ...(code !== undefined && { code }),
      }),
    );
    const { opened } = await gateway.openCheckout(buyer.id, id, made.transaction, made.url);
    if (opened) return { url: made.url, checkout: id };
    // Another request opened a checkout meanwhile. Discard this one.
    await mapProcessorError(processor, found.client.closeCheckout(made.transaction));
    throw new DomainError("conflict", "checkout_in_progress", "Another checkout has been opened meanwhile. Try again.");
  } catch (error) {
    // No buyer has its address. Once closed, it does not block the next attempt.
    await gateway.finishCheckout(buyer.id, id, "closed");
    throw error;
  }
}

/**
 * The user's customer at the processor. It is created and linked before the checkout, so that every event resolves to the
 * user. Customers are never looked up by email: an address proves no identity.
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
  const made = await mapProcessorError(processor, client.customer({ userId, email, idempotencyKey: id }));
  if (made !== null) await gateway.linkCustomer(processor, made, userId, "checkout");
  return made;
}

/** Returns the open checkout if it is for the same selection; otherwise closes it and returns null. */
async function reuseCheckout(userId: string, known: StoredCheckout, input: CheckoutInput, context: PurchaseContext) {
  const { id, processor, externalId, url } = known;
  if (externalId === null || url === null) throw new Error(`The checkout ${id} is open and has no address.`);
  const { client } = await requireProcessor(context, processor);
  const now = await loadCheckoutState(processor, externalId, client);
  if (now.state === "paid") return recordPaidCheckout(userId, known, now.subscription, client, context);
  if (now.state === "expired") {
    await context.gateway.finishCheckout(userId, id, "closed");
    return null;
  }
  if (isSameSelection(known, input)) return { url, checkout: id };

  const closed = await mapProcessorError(processor, client.closeCheckout(externalId));
  if (closed === "paid") {
    const paid = await loadCheckoutState(processor, externalId, client);
    return recordPaidCheckout(userId, known, paid.state === "paid" ? paid.subscription : null, client, context);
  }
  if (closed === "left_open") log.warn({ userId, ...known }, "[Purchase] A replaced checkout could not be closed");
  await context.gateway.finishCheckout(userId, id, closed);
  return null;
}

/** A checkout that the processor does not know any more counts as expired. */
async function loadCheckoutState(processor: Processor, externalId: string, client: ProcessorClient) {
  return mapProcessorError(
    processor,
    client.checkoutState(externalId).catch((error: unknown) => {
      if (error instanceof ProcessorError && error.problem === "not_found") return { state: "expired" } as const;
      throw error;
    }),
  );
}

function isSameSelection(
  known: StoredCheckout,
  { product, plan, interval, processor, trial, code }: CheckoutInput,
): boolean {
  return (
    known.product === product &&
    known.plan === plan &&
    known.interval === interval &&
    known.processor === processor &&
    known.trial === trial &&
    known.code === (code ?? null)
  );
}

/** Fetches the subscription of a paid checkout whose webhook is late. Then `begin_checkout` finds that subscription. */
async function recordPaidCheckout(
  userId: string,
  known: StoredCheckout,
  subscription: string | null,
  client: ProcessorClient,
  { gateway }: PurchaseContext,
): Promise<null> {
  const { processor, externalId } = known;
  if (subscription === null) throw paymentActivating();
  const { outcome } = await mapProcessorError(
    processor,
    reconcile({ userId, processor, subscription, transaction: externalId }, client, gateway),
  );
  // The payment entitles the user to nothing. An admin must decide; until then the user cannot buy the product again.
  if (outcome === "unknown_price" || outcome === "not_theirs") throw paymentActivating();
  await gateway.finishCheckout(userId, known.id, "paid", subscription);
  return null;
}

function paymentActivating(): DomainError {
  return new DomainError(
    "conflict",
    "payment_activating",
    "Your payment has been received. Your plan is being activated.",
  );
}

async function refreshSubscription(
  userId: string,
  { processor, id }: { processor: Processor; id: string },
  context: PurchaseContext,
) {
  const found = await context.getProcessor(processor);
  if (found === undefined) return;
  await reconcile({ userId, processor, subscription: id }, found.client, context.gateway).catch((error: unknown) => {
    if (!(error instanceof ProcessorError)) throw error;
    log.warn(
      { userId, processor, subscription: id, error: String(error) },
      "[Purchase] A subscription could not be fetched",
    );
  });
}
