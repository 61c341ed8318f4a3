/**
 * Compares an account with the config, and lists the steps that make them equal. A price never changes in place: another
 * amount is another price, and the former one is archived after its successor is stored.
 */
import type { PriceMode, StoredPrice } from "@/lib/config/stored-prices";
import type { Processor } from "@/lib/config/terms";
import type { RemoteEndpoint, RemotePortal, RemotePrice, RemoteProduct } from "@/lib/processors/setup-client";
import { type Desired, type DesiredPrice, type DesiredProduct, productKeyOf } from "./desired";

export interface Account {
  processor: Processor;
  mode: PriceMode;
  products: readonly RemoteProduct[];
  prices: readonly RemotePrice[];
  /** null: not compared, since the public address is unknown. */
  endpoints: readonly RemoteEndpoint[] | null;
  /** undefined: the processor has no such settings. */
  portal?: RemotePortal | null;
}

/** The destination that the account needs. */
export interface DesiredEndpoint {
  url: string;
  events: readonly string[];
}

export type Step =
  | { do: "create_product"; product: DesiredProduct }
  | { do: "update_product"; id: string; product: DesiredProduct; changes: string[] }
  | { do: "create_price"; price: DesiredPrice; count: number; replaces: string[]; rows: StoredPrice[] }
  | { do: "update_price"; price: DesiredPrice; id: string; changes: string[] }
  | { do: "store_prices"; name: string; rows: StoredPrice[] }
  | { do: "archive_price"; id: string; name: string; why: string }
  | { do: "create_endpoint"; endpoint: DesiredEndpoint }
  | { do: "update_endpoint"; id: string; endpoint: DesiredEndpoint; changes: string[] }
  | { do: "save_portal"; id: string | null; changes: readonly string[] };

export interface Plan {
  steps: Step[];
  /** Objects that are as the config says. */
  unchanged: number;
}

export function planOf(
  account: Account,
  desired: Desired,
  endpoint: DesiredEndpoint | null,
  stored: readonly StoredPrice[],
): Plan {
  const own = stored.filter(({ processor, mode }) => processor === account.processor && mode === account.mode);
  const parts = [
    ...desired.products.map((product) => productSteps(product, account, own)),
    ...desired.prices.map((price) => priceSteps(price, account, own)),
    removedSteps(account, desired, own),
    endpointSteps(account.endpoints, endpoint),
    portalSteps(account.portal),
  ];
  return {
    steps: parts.flatMap((steps) => steps ?? []),
    unchanged: parts.filter((steps) => steps?.length === 0).length,
  };
}

/** The product with our name; one that lost the name is known by the stored id. */
export function findProduct(key: string, account: Pick<Account, "products">, own: readonly StoredPrice[]) {
  const ids = new Set(own.filter((row) => productKeyOf(row) === key).map((row) => row.processorProductId));
  return account.products.find((each) => each.key === key) ?? account.products.find(({ id }) => ids.has(id));
}

function productSteps(product: DesiredProduct, account: Account, own: readonly StoredPrice[]): Step[] {
  const found = findProduct(product.key, account, own);
  if (found === undefined) return [{ do: "create_product", product }];
  const changes = [
    ...(found.name === product.name ? [] : [`name "${found.name}" becomes "${product.name}"`]),
    ...(found.active ? [] : ["is archived, becomes active"]),
    ...(found.key === product.key ? [] : [`gets its key ${product.key} back`]),
  ];
  return changes.length === 0 ? [] : [{ do: "update_product", id: found.id, product, changes }];
}

function priceSteps(price: DesiredPrice, account: Account, own: readonly StoredPrice[]): Step[] {
  const candidates = candidatesOf(price.key, account, own);
  const product = findProduct(price.productKey, account, own);
  const kept = candidates
    .filter((each) => isSame(each, price) && each.productId === product?.id)
    .sort((one, other) => rankOf(other) - rankOf(one))[0];
  const others = candidates.filter(({ id }) => id !== kept?.id);
  const archived = [
    ...others.filter(({ amount }) => amount !== null).map((each) => rowOf(each, price, account, false)),
    ...lostRows(price.key, candidates, own),
  ];
  const changes = kept === undefined ? [] : changesOf(kept, price);
  const steps: Step[] = [];
  if (kept === undefined) {
    const replaces = others.filter(({ active }) => active).map(amountOf);
    steps.push({ do: "create_price", price, count: candidates.length, replaces, rows: archived });
  } else {
    if (changes.length > 0) steps.push({ do: "update_price", price, id: kept.id, changes });
    const rows = [rowOf(kept, price, account, true), ...archived];
    if (rows.some((row) => !isStored(row, own))) steps.push({ do: "store_prices", name: price.key, rows });
  }
  for (const each of others.filter(({ active }) => active)) {
    const why = isSame(each, price) ? "there is another price of this amount" : `its amount is ${amountOf(each)}`;
    steps.push({ do: "archive_price", id: each.id, name: price.key, why });
  }
  return steps;
}

/** The prices with this name, and those that were stored with it. */
function candidatesOf(key: string, { prices }: Account, own: readonly StoredPrice[]): RemotePrice[] {
  const ids = new Set(own.filter((row) => row.lookupKey === key).map(({ priceId }) => priceId));
  return prices.filter((each) => each.key === key || (each.key === null && ids.has(each.id)));
}

/** Rows that are sold, of prices that this account does not have: the key of another account was used before. */
function lostRows(key: string, candidates: readonly RemotePrice[], own: readonly StoredPrice[]): StoredPrice[] {
  return own
    .filter((row) => row.lookupKey === key && row.active && !candidates.some(({ id }) => id === row.priceId))
    .map((row) => ({ ...row, active: false }));
}

function isSame(remote: RemotePrice, { amount, currency, interval }: DesiredPrice): boolean {
  return remote.amount === amount && remote.currency === currency && remote.interval === interval;
}

function rankOf({ active, hasLookupKey }: RemotePrice): number {
  return (active ? 2 : 0) + (hasLookupKey ? 1 : 0);
}

function changesOf(remote: RemotePrice, { key, name }: DesiredPrice): string[] {
  return [
    ...(remote.active ? [] : ["is archived, becomes active"]),
    ...(remote.key === key && remote.hasLookupKey ? [] : [`gets its key ${key} back`]),
    ...(remote.name === name ? [] : [`name "${remote.name}" becomes "${name}"`]),
  ];
}

export function rowOf(
  { id, productId, amount, currency }: RemotePrice,
  { product, plan, interval, key }: DesiredPrice,
  { processor, mode }: Pick<Account, "processor" | "mode">,
  active: boolean,
): StoredPrice {
  const place = { processor, mode, product, plan, interval, processorProductId: productId, lookupKey: key };
  return { ...place, priceId: id, amount: amount as number, currency, active };
}

function isStored(row: StoredPrice, own: readonly StoredPrice[]): boolean {
  const found = own.find(({ priceId }) => priceId === row.priceId);
  return (
    found !== undefined && Object.entries(row).every(([name, value]) => found[name as keyof StoredPrice] === value)
  );
}

/** Prices that the config no longer sells. Their subscriptions stay, and deliveries recognize them. */
function removedSteps(account: Account, desired: Desired, own: readonly StoredPrice[]): Step[] | null {
  const kept = new Set([...desired.prices, ...desired.byVariable].map(({ key }) => key));
  const removed = own.filter(({ lookupKey, priceId, active }) => {
    if (kept.has(lookupKey)) return false;
    return active || account.prices.some((each) => each.id === priceId && each.active);
  });
  if (removed.length === 0) return null;
  return removed.flatMap((row): Step[] => [
    ...(row.active ? [{ do: "store_prices" as const, name: row.lookupKey, rows: [{ ...row, active: false }] }] : []),
    ...(account.prices.some(({ id, active }) => id === row.priceId && active)
      ? [{ do: "archive_price" as const, id: row.priceId, name: row.lookupKey, why: "the config no longer sells it" }]
      : []),
  ]);
}

function endpointSteps(endpoints: Account["endpoints"], wanted: DesiredEndpoint | null): Step[] | null {
  if (endpoints === null || wanted === null) return null;
  const found = endpoints.find(({ url }) => url === wanted.url);
  if (found === undefined) return [{ do: "create_endpoint", endpoint: wanted }];
  const changes = endpointDifferences(found, wanted);
  return changes.length === 0 ? [] : [{ do: "update_endpoint", id: found.id, endpoint: wanted, changes }];
}

/** How an endpoint differs from the needed one. */
export function endpointDifferences({ events, active }: RemoteEndpoint, wanted: DesiredEndpoint): string[] {
  const missing = wanted.events.filter((event) => !events.includes(event));
  const surplus = events.filter((event) => !wanted.events.includes(event));
  return [
    ...(active ? [] : ["is disabled, becomes enabled"]),
    ...(missing.length === 0 ? [] : [`gets ${missing.join(", ")}`]),
    ...(surplus.length === 0 ? [] : [`no longer gets ${surplus.join(", ")}`]),
  ];
}

function portalSteps(portal: Account["portal"]): Step[] | null {
  if (portal === undefined) return null;
  if (portal === null) return [{ do: "save_portal", id: null, changes: [] }];
  return portal.differences.length === 0 ? [] : [{ do: "save_portal", id: portal.id, changes: portal.differences }];
}

export function amountOf({ amount, currency }: { amount: number | null; currency: string }): string {
  return amount === null ? "not fixed" : `${(amount / 100).toFixed(2)} ${currency}`;
}
