import type { WebhookSource } from "../webhook-source";
import { HANDLERS, normalize } from "./normalize";
import { parse } from "./parse";
import { refuseHeader, verify } from "./verify";

/** Paddle's webhooks (Paddle Billing). */
export const paddle: WebhookSource = {
  processor: "paddle",
  signatureHeader: "paddle-signature",
  eventTypes: Object.keys(HANDLERS),
  handles: (type) => Object.hasOwn(HANDLERS, type),
  refuseHeader,
  verify,
  parse,
  normalize,
};
