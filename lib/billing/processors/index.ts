import { env } from "@/lib/env";
import { type FindPrice, priceLists } from "../catalog";
import type { Processor } from "../facts";
import type { WebhookSource } from "./processor";
import { stripe } from "./stripe";

export type { Identity, Normalized, RefusalReason, WebhookEvent, WebhookSource } from "./processor";

/** A processor whose webhooks can be received, with this deployment's secrets and prices. */
export interface Endpoint {
  source: WebhookSource;
  secrets: readonly string[];
  findPrice: FindPrice;
  /** Events of the other mode are quarantined. */
  livemode: boolean;
}

/** The endpoint of a processor; undefined where it is not configured. */
export function endpoint(processor: Processor): Endpoint | undefined {
  const { sandbox, stripe: settings } = env();
  if (processor !== "stripe" || settings.webhookSecrets.length === 0) return undefined;
  return {
    source: stripe,
    secrets: settings.webhookSecrets,
    findPrice: priceLists("stripe", process.env, { sandbox }).find,
    livemode: /_live_/.test(settings.secretKey ?? ""),
  };
}
