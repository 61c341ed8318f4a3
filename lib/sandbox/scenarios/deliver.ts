/** Signed events by the real webhook path: as bytes, verified, stored, decided, answered. */
import type { Decision, Processor } from "@/lib/billing/types";
import { DomainError } from "@/lib/core/domain-error";
import type { Gateway } from "@/lib/database";
import { type Endpoint, endpoint } from "@/lib/processors";
import { sign as signPaddle } from "@/lib/processors/paddle/events";
import { sign as signStripe } from "@/lib/processors/stripe/events";
import { receive } from "@/lib/webhooks/receive";
import type { Told } from "./player";

/** One delivery, and what the processor was told. */
export interface Delivered {
  id: string;
  type: string;
  outcome: string;
  reason?: string | undefined;
  decision?: { action: Decision["action"]; reason: string } | null | undefined;
}

/** Delivers one event as its processor would. */
export async function deliver({ processor, id, type, raw }: Told, gateway: Gateway): Promise<Delivered> {
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
