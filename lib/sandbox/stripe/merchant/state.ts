/** Our own account at the fake Stripe: plain JSON, instants in seconds, amounts in the currency's minor unit. */
import type Stripe from "stripe";
import type { z } from "zod";
import type { WireFormat } from "../../event-builders/stripe/events";

export type Product = WireFormat<Stripe.Product> & { metadata: Record<string, string> };
export type Price = WireFormat<Stripe.Price> & { metadata: Record<string, string>; lookup_key: string | null };
export type Endpoint = WireFormat<Stripe.WebhookEndpoint> & { metadata: Record<string, string> };
export type Portal = WireFormat<Stripe.BillingPortal.Configuration>;

export interface Merchant {
  sequence: number;
  products: Product[];
  prices: Price[];
  endpoints: Endpoint[];
  portals: Portal[];
}

export const EMPTY: Merchant = { sequence: 0, products: [], prices: [], endpoints: [], portals: [] };

/** A request to the merchant's own objects. */
export interface MerchantEndpoint<Params = unknown> {
  method: "GET" | "POST";
  /** `:id` stands for one path segment. */
  path: string;
  params: z.ZodType<Params>;
  /** @param now seconds. If it throws a StripeProblem, nothing changes. */
  run: (state: Merchant, params: Params, context: { id: string; now: number }) => object;
}

/** Keeps the parameters' type between `params` and `run`. */
export function merchantEndpoint<Params>(spec: MerchantEndpoint<Params>): MerchantEndpoint {
  return spec as unknown as MerchantEndpoint;
}

export function nextId(state: Merchant, prefix: string): string {
  state.sequence += 1;
  return `${prefix}_1Merchant${String(state.sequence).padStart(8, "0")}`;
}
