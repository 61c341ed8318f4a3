/** The setup client of each processor whose key is set. The sandbox needs none: its prices exist from the start. */
import type { Processor } from "@/lib/config/terms";
import { env } from "@/lib/core/env";
import { addressOf } from "./registry";
import type { SetupClient } from "./setup-client";

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

export type GetSetupClient = typeof getSetupClient;
