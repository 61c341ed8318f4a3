/**
 * The interface to the catalog and the settings of a processor's account, which `tollgate push` and `check` use. Every method
 * throws `ProcessorError` and nothing else. An error of a key without a permission names the permission.
 */
import type { PriceMode } from "@/lib/config/stored-prices";
import type { Interval, Processor } from "@/lib/config/terms";
import { ProcessorError } from "./processor-client";

/** A product of the account. */
export interface RemoteProduct {
  id: string;
  /** Our name of the product, in its metadata or custom data; null if it has none. */
  key: string | null;
  name: string;
  active: boolean;
}

/** A price of the account. */
export interface RemotePrice {
  id: string;
  productId: string;
  /** Our name of the price, in its metadata or custom data; null if it has none. */
  key: string | null;
  /** Whether the price has our name in every place: at Stripe as its lookup key and in its metadata. */
  hasLookupKey: boolean;
  name: string;
  /** Minor units of the currency; null if the price has no fixed amount. */
  amount: number | null;
  /** ISO 4217, upper case. */
  currency: string;
  /** null if the price recurs neither monthly nor yearly. */
  interval: Interval | null;
  active: boolean;
}

/** The destination of webhooks. */
export interface RemoteEndpoint {
  id: string;
  url: string;
  events: readonly string[];
  active: boolean;
  /** The signing secret; null if the processor shows it only once. */
  secret: string | null;
}

/** Settings of the processor's page for customers. */
export interface RemotePortal {
  id: string;
  /** The settings that differ from the needed ones. */
  differences: readonly string[];
}

export interface PriceSpec {
  key: string;
  productId: string;
  name: string;
  amount: number;
  currency: string;
  interval: Interval;
}

export interface SetupClient {
  processor: Processor;
  mode: PriceMode;
  /** Products that have one of our names or one of these ids. */
  products(keys: readonly string[], ids: readonly string[]): Promise<RemoteProduct[]>;
  /** All prices of these products, also archived ones, and other prices that have one of our names, if the processor finds them. */
  prices(productIds: readonly string[], keys: readonly string[]): Promise<RemotePrice[]>;
  /** null if the account has no such price. */
  price(id: string): Promise<RemotePrice | null>;
  createProduct(product: { key: string; name: string }): Promise<RemoteProduct>;
  /** Sets name and key, and makes the product active. */
  updateProduct(id: string, product: { key: string; name: string }): Promise<void>;
  /** @param count the number of prices with this key: another number is another request */
  createPrice(price: PriceSpec, count: number): Promise<RemotePrice>;
  /** Sets name and key, and makes the price active. Amount, currency and interval never change. */
  updatePrice(id: string, price: { key: string; name: string }): Promise<void>;
  archivePrice(id: string): Promise<void>;
  endpoints(): Promise<RemoteEndpoint[]>;
  /** The secret of the result is set. */
  createEndpoint(endpoint: { url: string; events: readonly string[] }): Promise<RemoteEndpoint>;
  /** Sets the events, and makes the endpoint active. */
  updateEndpoint(id: string, events: readonly string[]): Promise<void>;
  /** null: there are none yet. Absent: the processor has no such settings. */
  portal?(): Promise<RemotePortal | null>;
  /** Creates the settings if `id` is null. */
  savePortal?(id: string | null): Promise<void>;
  /** The processor's time at its last answer, in milliseconds; null if unknown. */
  time(): number | null;
}

/** The metadata field, and the field of custom data, that has our name of an object. */
export const KEY_FIELD = "tollgate";

const FORBIDDEN: ReadonlySet<string | null> = new Set(["StripePermissionError", "forbidden"]);
const UNKNOWN_KEY: ReadonlySet<string | null> = new Set([
  "StripeAuthenticationError",
  "authentication_missing",
  "authentication_malformed",
  "invalid_token",
]);

/** null if there is no such object. @throws ProcessorError */
export async function orNull<T>(request: Promise<T>): Promise<T | null> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof ProcessorError && error.problem === "not_found") return null;
    throw error;
  }
}

/** Runs a request. Its error names the permission that the key lacks. @throws ProcessorError */
export async function withPermission<T>(permission: string, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    if (!(error instanceof ProcessorError)) throw error;
    if (FORBIDDEN.has(error.code))
      throw new ProcessorError(`The key lacks the permission "${permission}".`, "invalid", "missing_permission");
    if (UNKNOWN_KEY.has(error.code))
      throw new ProcessorError("The processor does not know the key.", "invalid", "unknown_key");
    throw error;
  }
}
