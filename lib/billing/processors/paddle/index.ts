import type { WebhookSource } from "@/lib/billing/processors/processor";
import { normalize } from "./normalize";
import { parse } from "./parse";
import { verify } from "./verify";

/** Paddle's webhooks (Paddle Billing). */
export const paddle: WebhookSource = {
  processor: "paddle",
  signatureHeader: "paddle-signature",
  verify,
  parse,
  normalize,
};
