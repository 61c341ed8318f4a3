import type { WebhookSource } from "@/lib/billing/processors/processor";
import { normalize } from "./normalize";
import { parse } from "./parse";
import { verify } from "./verify";

/** Stripe's webhooks. */
export const stripe: WebhookSource = {
  processor: "stripe",
  signatureHeader: "stripe-signature",
  verify,
  parse,
  normalize,
};
