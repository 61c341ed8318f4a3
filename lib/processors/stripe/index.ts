import type { WebhookSource } from "../webhook-source";
import { HANDLERS, normalize } from "./normalize";
import { parse } from "./parse";
import { refuseHeader, verify } from "./verify";

/** Stripe's webhooks. */
export const stripe: WebhookSource = {
  processor: "stripe",
  signatureHeader: "stripe-signature",
  eventTypes: Object.keys(HANDLERS),
  handles: (type) => Object.hasOwn(HANDLERS, type),
  refuseHeader,
  verify,
  parse,
  normalize,
};
