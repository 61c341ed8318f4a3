import type { Processor } from "@/lib/config/terms";
import { paddle } from "./paddle";
import { stripe } from "./stripe";
import type { WebhookSource } from "./webhook-source";

/** The webhooks of a processor, without the deployment's secrets. */
export function webhookSource(processor: Processor): WebhookSource {
  return { stripe, paddle }[processor];
}
