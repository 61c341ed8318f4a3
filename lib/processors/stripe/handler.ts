import type { Instant } from "@/lib/billing/types";
import type { FindPrice } from "@/lib/config/catalog";
import type { Normalized } from "../webhook-source";

/** An event after its envelope was read. */
export interface HandlerInput {
  id: string;
  type: string;
  at: Instant;
  object: Record<string, unknown>;
  /** `previous_attributes`: old values, whole arrays, and hashes with their changed keys only; null if absent. */
  previous: Record<string, unknown> | null;
}

/** Translates events of one type into facts. Pure; never throws. */
export type Handler = (input: HandlerInput, findPrice: FindPrice) => Normalized;
