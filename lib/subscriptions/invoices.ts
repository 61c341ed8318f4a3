/** Invoices and pages of the processor, limited to the user's own customers and subscriptions. */

import { type InvoicesView, type InvoiceView, toIsoInstant } from "@/lib/billing/schemas/purchase";
import type { Processor, SubscriptionRecord } from "@/lib/billing/types";
import { paths, productIds } from "@/lib/config/current-catalog";
import type { ProductName } from "@/lib/config/register";
import { PROCESSORS } from "@/lib/config/terms";
import { DomainError } from "@/lib/core/domain-error";
import { log } from "@/lib/core/observability";
import type { BillingAccounts, LinkedCustomer } from "@/lib/database";
import { type InvoicesOf, type ProcessorClient, ProcessorError } from "@/lib/processors/processor-client";
import { loadSubscription } from "./load-subscription";
import { mapProcessorError, type PurchaseContext, requireProcessor } from "./purchase-context";

const MAX_INVOICES = 100;

/**
 * The user's invoices at both processors, newest first. If a processor does not answer, `unavailable` names it.
 * @throws DatabaseError
 */
export async function invoicesOf(userId: string, context: PurchaseContext): Promise<InvoicesView> {
  const accounts = await context.gateway.billingAccounts(userId);
  const unavailable = new Set<Processor>();
  const lists = await Promise.all(
    sourcesOf(accounts).map((source) =>
      invoicesFrom(source, context).catch((error: unknown): InvoiceView[] => {
        if (!(error instanceof ProcessorError)) throw error;
        log.warn({ userId, ...source, error: String(error) }, "[Purchase] Invoices could not be listed");
        // A customer that does not exist has no invoices; that is no failure.
        if (error.problem !== "not_found") unavailable.add(source.processor);
        return [];
      }),
    ),
  );
  const invoices = lists
    .flat()
    .sort((one, other) => Date.parse(other.at) - Date.parse(one.at))
    .slice(0, MAX_INVOICES);
  return { invoices, unavailable: [...unavailable].sort() };
}

interface Source {
  processor: Processor;
  of: InvoicesOf;
}

/**
 * Lists by customer if the customer is linked to the user, else by subscription. A Paddle buyer can enter another person's
 * address, and must not see that customer's other purchases.
 */
function sourcesOf({ customers, subscriptions }: BillingAccounts): Source[] {
  return [
    ...customers.map(({ processor, customer }) => ({ processor, of: { customer } })),
    ...PROCESSORS.flatMap((processor): Source[] => {
      if (customers.some((each) => each.processor === processor)) return [];
      const own = subscriptions.filter((each) => each.processor === processor);
      if (own.length === 0) return [];
      return [{ processor, of: { subscriptions: own.map(({ subscription }) => subscription) } }];
    }),
  ];
}

async function invoicesFrom({ processor, of }: Source, context: PurchaseContext): Promise<InvoiceView[]> {
  const found = await context.getProcessor(processor);
  if (found === undefined) return [];
  const invoices = await found.client.invoices(of);
  return invoices.map(({ at, pdf, tax = null, discount = null, refunded = null, ...invoice }) => ({
    ...invoice,
    tax,
    discount,
    refunded,
    processor,
    at: toIsoInstant(at),
    // Paddle's link expires soon, so our route requests a new one on each click.
    pdf:
      pdf ??
      (processor === "paddle" && invoice.status === "paid" ? `${paths().api}/invoices/paddle/${invoice.id}` : null),
  }));
}

/**
 * Returns the current link of the document of one of the user's invoices.
 * @throws DomainError not_found, unavailable, DatabaseError
 */
export async function invoiceDocument(
  userId: string,
  processor: string,
  id: string,
  context: PurchaseContext,
): Promise<string> {
  for (const { processor: at, of } of sourcesOf(await context.gateway.billingAccounts(userId))) {
    if (at !== processor) continue;
    const { client } = await requireProcessor(context, at);
    const own = await mapProcessorError(at, client.invoices(of));
    if (!own.some((invoice) => invoice.id === id)) continue;
    const url = await mapProcessorError(at, client.invoicePdf(id));
    if (url !== null) return url;
  }
  throw new DomainError("not_found", "invoice_not_found", "There is no such invoice, or it has no document yet.");
}

/**
 * Returns the processor's page for cards and addresses of the customer who pays for the product's subscription. If that
 * customer is not linked to the user, returns the page that only changes this subscription's card.
 * @throws DomainError not_found if there is nothing to manage yet, unavailable, DatabaseError
 */
export async function portalOf(
  userId: string,
  product: ProductName | undefined,
  context: PurchaseContext,
): Promise<{ url: string }> {
  return portalFor(userId, await subscriptionToManage(userId, product, context), context);
}

/** @param record the subscription to manage; null if the user has none */
async function portalFor(
  userId: string,
  record: SubscriptionRecord | null,
  context: PurchaseContext,
): Promise<{ url: string }> {
  const { customers } = await context.gateway.billingAccounts(userId);
  const returnUrl = `${context.appUrl}${paths().billing}`;
  if (record === null) {
    const [latest] = customers;
    if (latest === undefined) throw nothingToManage();
    const { client } = await requireProcessor(context, latest.processor);
    return mapProcessorError(latest.processor, client.portal(latest.customer, [], returnUrl));
  }

  const { processor, subscription } = record;
  const { client } = await requireProcessor(context, processor);
  const customer = await ownCustomerOf(record, customers, client);
  if (customer !== undefined) return mapProcessorError(processor, client.portal(customer, [subscription], returnUrl));
  const url = await mapProcessorError(processor, client.paymentPage(subscription));
  if (url === null) throw nothingToManage();
  return { url };
}

/**
 * Returns the page of the open payment of a product's subscription; if none is open, the page for cards.
 * @throws DomainError not_found if there is nothing to manage yet, unavailable, DatabaseError
 */
export async function duePaymentOf(
  userId: string,
  product: ProductName,
  context: PurchaseContext,
): Promise<{ url: string }> {
  const record = await subscriptionToManage(userId, product, context);
  if (record === null) throw nothingToManage();
  const { processor, subscription } = record;
  const { client } = await requireProcessor(context, processor);
  const url = await mapProcessorError(processor, client.duePage(subscription));
  return url === null ? portalFor(userId, record, context) : { url };
}

/** The subscription of the given product, else of the first product that has one. */
async function subscriptionToManage(userId: string, product: ProductName | undefined, { gateway }: PurchaseContext) {
  for (const each of product === undefined ? productIds() : [product]) {
    const { record } = await loadSubscription(userId, each, gateway);
    if (record !== null) return record;
  }
  return null;
}

/** The user's linked customer who pays for the subscription; undefined if another customer pays. */
async function ownCustomerOf(
  { processor, subscription }: SubscriptionRecord,
  customers: readonly LinkedCustomer[],
  client: ProcessorClient,
): Promise<string | undefined> {
  const own = customers.filter((each) => each.processor === processor);
  if (own.length === 0) return undefined;
  const { identity } = await mapProcessorError(processor, client.subscription(subscription));
  return own.find(({ customer }) => customer === identity.customer)?.customer;
}

function nothingToManage(): DomainError {
  return new DomainError("not_found", "no_customer", "There is nothing to manage yet: you have not bought anything.");
}
