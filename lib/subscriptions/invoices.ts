/** The processor's own pages and papers, for what is the user's own only. */

import { type InvoicesView, type InvoiceView, toIsoInstant } from "@/lib/billing/schemas/purchase";
import type { Processor, SubscriptionRecord } from "@/lib/billing/types";
import type { ProductId } from "@/lib/config/catalog";
import { productIds } from "@/lib/config/current-catalog";
import { DomainError } from "@/lib/core/domain-error";
import { log } from "@/lib/core/observability";
import type { BillingAccounts, LinkedCustomer } from "@/lib/database";
import { type InvoicesOf, type ProcessorClient, ProcessorError } from "@/lib/processors/processor-client";
import { loadSubscription } from "./load-subscription";
import { asked, type PurchaseContext, reached } from "./purchase-context";

const LISTED = 100;

/**
 * Every invoice of the user, newest first, at both processors. One that does not answer leaves the other's shown, and is
 * named.
 * @throws DatabaseError
 */
export async function invoicesOf(userId: string, shop: PurchaseContext): Promise<InvoicesView> {
  const payers = await shop.gateway.billingAccounts(userId);
  const unavailable = new Set<Processor>();
  const lists = await Promise.all(
    sourcesOf(payers).map((source) =>
      invoicesFrom(source, shop).catch((error: unknown): InvoiceView[] => {
        if (!(error instanceof ProcessorError)) throw error;
        log.warn({ userId, ...source, error: String(error) }, "[Purchase] Invoices could not be listed");
        // A customer that is not there (any more) has no invoices; that is no failure.
        if (error.problem !== "not_found") unavailable.add(source.processor);
        return [];
      }),
    ),
  );
  const invoices = lists
    .flat()
    .sort((one, other) => Date.parse(other.at) - Date.parse(one.at))
    .slice(0, LISTED);
  return { invoices, unavailable: [...unavailable].sort() };
}

interface Source {
  processor: Processor;
  of: InvoicesOf;
}

/**
 * By customer where we know that the customer is the user; else by subscription: whoever pays by Paddle may have typed
 * somebody else's address, and what else that customer has bought is none of theirs.
 */
function sourcesOf({ customers, subscriptions }: BillingAccounts): Source[] {
  const processors: Processor[] = ["stripe", "paddle"];
  return [
    ...customers.map(({ processor, customer }) => ({ processor, of: { customer } })),
    ...processors.flatMap((processor): Source[] => {
      if (customers.some((each) => each.processor === processor)) return [];
      const own = subscriptions.filter((each) => each.processor === processor);
      if (own.length === 0) return [];
      return [{ processor, of: { subscriptions: own.map(({ subscription }) => subscription) } }];
    }),
  ];
}

async function invoicesFrom({ processor, of }: Source, shop: PurchaseContext): Promise<InvoiceView[]> {
  const found = await shop.getProcessor(processor);
  if (found === undefined) return [];
  const invoices = await found.client.invoices(of);
  return invoices.map(({ at, pdf, tax = null, discount = null, refunded = null, ...invoice }) => ({
    ...invoice,
    tax,
    discount,
    refunded,
    processor,
    at: toIsoInstant(at),
    // Where the link must be asked for, and works for a short while only, ours asks for it.
    pdf: pdf ?? (processor === "paddle" && invoice.status === "paid" ? `/api/invoices/paddle/${invoice.id}` : null),
  }));
}

/**
 * Where the document of one of the user's own invoices is now.
 * @throws DomainError not_found, unavailable, DatabaseError
 */
export async function invoiceDocument(
  userId: string,
  processor: string,
  id: string,
  shop: PurchaseContext,
): Promise<string> {
  for (const { processor: at, of } of sourcesOf(await shop.gateway.billingAccounts(userId))) {
    if (at !== processor) continue;
    const { client } = await reached(shop, at);
    const own = await asked(at, client.invoices(of));
    if (!own.some((invoice) => invoice.id === id)) continue;
    const url = await asked(at, client.invoicePdf(id));
    if (url !== null) return url;
  }
  throw new DomainError("not_found", "invoice_not_found", "There is no such invoice, or it has no document yet.");
}

/**
 * The processor's page for cards and addresses: of a product's subscription, the customer who pays for it. Where that
 * customer is not known to be the user, only the page where this subscription's card is changed.
 * @throws DomainError not_found if there is nothing to manage yet, unavailable, DatabaseError
 */
export async function portalOf(
  userId: string,
  product: ProductId | undefined,
  shop: PurchaseContext,
): Promise<{ url: string }> {
  return portalFor(userId, await subscriptionToManage(userId, product, shop), shop);
}

/** @param mirror the subscription to manage; null: the user has none */
async function portalFor(
  userId: string,
  mirror: SubscriptionRecord | null,
  shop: PurchaseContext,
): Promise<{ url: string }> {
  const { customers } = await shop.gateway.billingAccounts(userId);
  const returnUrl = `${shop.appUrl}/billing`;
  if (mirror === null) {
    const [latest] = customers;
    if (latest === undefined) throw nothingToManage();
    const { client } = await reached(shop, latest.processor);
    return asked(latest.processor, client.portal(latest.customer, [], returnUrl));
  }

  const { processor, subscription } = mirror;
  const { client } = await reached(shop, processor);
  const payer = await payerOf(mirror, customers, client);
  if (payer !== undefined) return asked(processor, client.portal(payer, [subscription], returnUrl));
  const url = await asked(processor, client.paymentPage(subscription));
  if (url === null) throw nothingToManage();
  return { url };
}

/**
 * The page on which the open payment of a product's subscription is made; without one, the page for cards.
 * @throws DomainError not_found if there is nothing to manage yet, unavailable, DatabaseError
 */
export async function duePaymentOf(
  userId: string,
  product: ProductId,
  shop: PurchaseContext,
): Promise<{ url: string }> {
  const mirror = await subscriptionToManage(userId, product, shop);
  if (mirror === null) throw nothingToManage();
  const { processor, subscription } = mirror;
  const { client } = await reached(shop, processor);
  const url = await asked(processor, client.duePage(subscription));
  return url === null ? portalFor(userId, mirror, shop) : { url };
}

/** Of the product asked for, else of the first that has one. */
async function subscriptionToManage(userId: string, product: ProductId | undefined, { gateway }: PurchaseContext) {
  for (const each of product === undefined ? productIds() : [product]) {
    const { mirror } = await loadSubscription(userId, each, gateway);
    if (mirror !== null) return mirror;
  }
  return null;
}

/** The user's own customer whose subscription it is. */
async function payerOf(
  { processor, subscription }: SubscriptionRecord,
  customers: readonly LinkedCustomer[],
  client: ProcessorClient,
): Promise<string | undefined> {
  const own = customers.filter((each) => each.processor === processor);
  if (own.length === 0) return undefined;
  const { identity } = await asked(processor, client.subscription(subscription));
  return own.find(({ customer }) => customer === identity.customer)?.customer;
}

function nothingToManage(): DomainError {
  return new DomainError("not_found", "no_customer", "There is nothing to manage yet: you have not bought anything.");
}
