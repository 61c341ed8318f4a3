/** The setup client and the subscriptions of each processor whose key is set. The sandbox needs none: its prices exist from the start. */
import { sales } from "@/lib/config/current-catalog";
import type { Processor } from "@/lib/config/terms";
import { env } from "@/lib/core/env";
import { configuredPriceLists } from "./price-lists";
import { addressOf } from "./registry";
import type { SetupClient } from "./setup-client";
import type { SubscriptionList } from "./subscription-list";

/** Returns the setup client; undefined if no key is set. Then the SDK is not loaded. */
export async function getSetupClient(processor: Processor): Promise<SetupClient | undefined> {
  const { stripe, paddle } = env();
  if (processor === "stripe") {
    const { secretKey: apiKey, apiBase } = stripe;
    if (apiKey === undefined) return undefined;
    const { stripeSetup } = await import("./stripe/setup");
    return stripeSetup({ apiKey, ...(apiBase && { address: addressOf(apiBase) }) });
  }
  const { apiKey, environment, apiBase } = paddle;
  if (apiKey === undefined) return undefined;
  const { paddleSetup } = await import("./paddle/setup");
  return paddleSetup({ apiKey, environment, ...(apiBase && { baseUrl: apiBase }) });
}

/** All subscriptions of the account; undefined if no key is set. */
export async function getSubscriptionList(processor: Processor): Promise<SubscriptionList | undefined> {
  const { stripe, paddle } = env();
  const { find: findPrice } = configuredPriceLists(processor);
  if (processor === "stripe") {
    const { secretKey: apiKey, apiBase } = stripe;
    if (apiKey === undefined) return undefined;
    const { stripeSubscriptions } = await import("./stripe/list-subscriptions");
    return stripeSubscriptions({ apiKey, findPrice, sales: sales(), ...(apiBase && { address: addressOf(apiBase) }) });
  }
  const { apiKey, environment, apiBase } = paddle;
  if (apiKey === undefined) return undefined;
  const { paddleSubscriptions } = await import("./paddle/list-subscriptions");
  return paddleSubscriptions({ apiKey, environment, findPrice, ...(apiBase && { baseUrl: apiBase }) });
}

export type GetSubscriptionList = typeof getSubscriptionList;

export type GetSetupClient = typeof getSetupClient;
