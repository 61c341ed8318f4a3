/** Carries out the steps of a plan, one request after another. Each state between two requests is one that works. */
import type { StoredPrice } from "@/lib/config/stored-prices";
import type { SetupClient } from "@/lib/processors/setup-client";
import { type Account, findProduct, rowOf, type Step } from "./plan";

interface Progress {
  client: SetupClient;
  account: Account;
  /** Ids of products by key; grows with created ones. */
  productIds: Map<string, string>;
  savePrices: (rows: readonly StoredPrice[]) => Promise<unknown>;
}

/** The result of a step: the secret of a new webhook endpoint. */
export interface Applied {
  secret?: string | null;
}

export function progressOf(
  client: SetupClient,
  account: Account,
  stored: readonly StoredPrice[],
  productKeys: readonly string[],
  savePrices: Progress["savePrices"],
): Progress {
  const own = stored.filter(({ processor, mode }) => processor === account.processor && mode === account.mode);
  const productIds = new Map<string, string>();
  for (const key of productKeys) {
    const found = findProduct(key, account, own);
    if (found !== undefined) productIds.set(key, found.id);
  }
  return { client, account, productIds, savePrices };
}

/** @throws ProcessorError, DatabaseError; a later run continues */
export async function apply(step: Step, { client, account, productIds, savePrices }: Progress): Promise<Applied> {
  switch (step.do) {
    case "create_product":
      productIds.set(step.product.key, (await client.createProduct(step.product)).id);
      return {};
    case "update_product":
      await client.updateProduct(step.id, step.product);
      return {};
    case "create_price": {
      const productId = productIds.get(step.price.productKey);
      if (productId === undefined) throw new Error(`The product ${step.price.productKey} does not exist.`);
      const { key, name, amount, currency, interval } = step.price;
      const created = await client.createPrice({ key, productId, name, amount, currency, interval }, step.count);
      // The new price is sold from now on, and its predecessor is not: both in one transaction.
      await savePrices([rowOf(created, step.price, account, true), ...step.rows]);
      return {};
    }
    case "update_price":
      await client.updatePrice(step.id, step.price);
      return {};
    case "store_prices":
      await savePrices(step.rows);
      return {};
    case "archive_price":
      await client.archivePrice(step.id);
      return {};
    case "create_endpoint":
      return { secret: (await client.createEndpoint(step.endpoint)).secret };
    case "update_endpoint":
      await client.updateEndpoint(step.id, step.endpoint.events);
      return {};
    case "save_portal":
      await client.savePortal?.(step.id);
      return {};
  }
}
