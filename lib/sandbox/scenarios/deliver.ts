/** Sends signed events through the real webhook path. */
import type { Decision, Processor } from "@/lib/billing/types";
import { DomainError } from "@/lib/core/domain-error";
import type { Gateway } from "@/lib/database";
import { type Endpoint, endpoint } from "@/lib/processors";
import { receive } from "@/lib/webhooks/receive";
import { sign as signPaddle } from "../event-builders/paddle/events";
import { sign as signStripe } from "../event-builders/stripe/events";
import type { EventToDeliver } from "./subscription-driver";

/** One delivery and its answer. */
export interface Delivered {
  id: string;
  type: string;
  outcome: string;
  reason?: string | undefined;
  decision?: { action: Decision["action"]; reason: string } | null | undefined;
}

export async function deliver({ processor, id, type, raw }: EventToDeliver, gateway: Gateway): Promise<Delivered> {
  const configured = endpointOf(processor);
  const { body } = await receive({ raw, signature: signed(raw, configured) }, configured, gateway);
  const { outcome = "refused", reason, decision } = body as Partial<Delivered>;
  return { id, type, outcome, reason, decision };
}

/** @throws DomainError unavailable if the processor is not configured */
export function endpointOf(processor: Processor): Endpoint {
  const configured = endpoint(processor);
  if (configured === undefined)
    throw new DomainError("unavailable", "not_configured", `No ${processor} webhook secret is set.`);
  return configured;
}

/** The signature that the processor would send with these bytes, now. */
export function signed(raw: Uint8Array, { source, secrets }: Endpoint): string {
  const sign = source.processor === "stripe" ? signStripe : signPaddle;
  return sign(raw, secrets[0] ?? "", Math.floor(Date.now() / 1000));
}
