/** The processor's own pages and papers, of the user's own customers only. */

import type { LinkedCustomer } from "@/lib/database";
import { HttpError } from "@/lib/http";
import { log } from "@/lib/observability";
import type { ProductId } from "./catalog";
import { currentOf } from "./current";
import type { Processor } from "./facts";
import { ProcessorError } from "./processors/client";
import { type InvoicesView, type InvoiceView, written } from "./purchase-view";
import { asked, reached, type Selling } from "./selling";

const LISTED = 100;

/**
 * Every invoice of the user, newest first, of all their customers at both processors. One that does not answer leaves the
 * other's shown, and is named.
 * @throws HttpError 503 where none answers, DatabaseError
 */
export async function invoicesOf(userId: string, shop: Selling): Promise<InvoicesView> {
  const customers = await shop.gateway.customers(userId);
  const unavailable = new Set<Processor>();
  const lists = await Promise.all(
    customers.map((customer) =>
      invoicesOfCustomer(customer, shop).catch((error: unknown): InvoiceView[] => {
        if (!(error instanceof ProcessorError)) throw error;
        log.warn({ userId, ...customer, error: String(error) }, "[Purchase] Invoices could not be listed");
        // A customer that is not there (any more) has no invoices; that is no failure.
        if (error.problem !== "not_found") unavailable.add(customer.processor);
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

async function invoicesOfCustomer({ processor, customer }: LinkedCustomer, shop: Selling): Promise<InvoiceView[]> {
  const found = await shop.reach(processor);
  if (found === undefined) return [];
  const invoices = await found.client.invoices(customer);
  return invoices.map(({ at, pdf, ...invoice }) => ({
    ...invoice,
    processor,
    at: written(at),
    // Where the link must be asked for, and works for a short while only, ours asks for it.
    pdf: pdf ?? (processor === "paddle" && invoice.status === "paid" ? `/api/invoices/paddle/${invoice.id}` : null),
  }));
}

/**
 * Where the document of one of the user's own invoices is now.
 * @throws HttpError 404, 503, DatabaseError
 */
export async function invoiceDocument(userId: string, processor: string, id: string, shop: Selling): Promise<string> {
  const customers = await shop.gateway.customers(userId);
  for (const { processor: at, customer } of customers) {
    if (at !== processor) continue;
    const { client } = await reached(shop, at);
    const own = await asked(at, client.invoices(customer));
    if (!own.some((invoice) => invoice.id === id)) continue;
    const url = await asked(at, client.invoicePdf(id));
    if (url !== null) return url;
  }
  throw new HttpError(404, "invoice_not_found", "There is no such invoice, or it has no document yet.");
}

/**
 * The processor's page for cards and addresses; of a product's subscription, the customer who pays for it.
 * @throws HttpError 404 where there is no customer yet, 503, DatabaseError
 */
export async function portalOf(
  userId: string,
  product: ProductId | undefined,
  shop: Selling,
): Promise<{ url: string }> {
  const customers = await shop.gateway.customers(userId);
  const payer = await payerOf(userId, product, customers, shop);
  if (payer === undefined) {
    throw new HttpError(404, "no_customer", "There is nothing to manage yet: you have not bought anything.");
  }
  const { processor, customer, subscription } = payer;
  const { client } = await reached(shop, processor);
  const links = subscription === null ? [] : [subscription];
  return asked(processor, client.portal(customer, links, `${shop.appUrl}/billing`));
}

interface Payer extends LinkedCustomer {
  subscription: string | null;
}

async function payerOf(
  userId: string,
  product: ProductId | undefined,
  customers: readonly LinkedCustomer[],
  shop: Selling,
): Promise<Payer | undefined> {
  const { mirror } = product === undefined ? { mirror: null } : await currentOf(userId, product, shop.gateway);
  const latest = customers.find(({ processor }) => mirror === null || processor === mirror.processor);
  if (mirror === null) return latest && { ...latest, subscription: null };
  const { processor, subscription } = mirror;
  const own = customers.filter((each) => each.processor === processor);
  if (latest === undefined || own.length === 1) return latest && { ...latest, subscription };
  // Of several customers, the one whose subscription it is.
  const { client } = await reached(shop, processor);
  const { identity } = await asked(processor, client.subscription(subscription));
  const payer = own.find(({ customer }) => customer === identity.customer);
  return payer && { ...payer, subscription };
}
