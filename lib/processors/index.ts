import type { Processor } from "@/lib/billing/types";
import type { FindPrice } from "@/lib/config/catalog";
import { env } from "@/lib/core/env";
import { paddle } from "./paddle";
import { configuredPriceLists, modeOf } from "./price-lists";
import { stripe } from "./stripe";
import type { WebhookSource } from "./webhook-source";

export { currentOffer, type Offer, type UnsoldPlan, unsoldPlans } from "./offer";
export { getProcessor } from "./registry";
export type { Identity, Normalized, WebhookEvent } from "./webhook-source";

/** A processor's webhook source, with this deployment's secrets and prices. */
export interface Endpoint {
  source: WebhookSource;
  secrets: readonly string[];
  findPrice: FindPrice;
  /** Events of the other mode are quarantined. */
  livemode: boolean;
  /** A connected account whose events are handled beside those of our own account. */
  connectedAccount?: string | undefined;
}

/** The endpoint of a processor; undefined if no webhook secret is set. */
export function endpoint(processor: Processor): Endpoint | undefined {
  const settings = env();
  const { source, secrets, livemode, connectedAccount } = {
    stripe: {
      source: stripe,
      secrets: settings.stripe.webhookSecrets,
      livemode: modeOf("stripe") === "live",
      connectedAccount: settings.stripe.account,
    },
    paddle: {
      source: paddle,
      secrets: settings.paddle.webhookSecrets,
      livemode: modeOf("paddle") === "live",
      connectedAccount: undefined,
    },
  }[processor];
  if (secrets.length === 0) return undefined;
  const { find: findPrice } = configuredPriceLists(processor);
  return { source, secrets, findPrice, livemode, connectedAccount };
}
