import type { Instant } from "@/lib/billing/types";
import type { FindPrice } from "@/lib/config/catalog";
import type { Normalized } from "../webhook-source";

/** An event after its envelope was read. */
interface HandlerInput {
  id: string;
  type: string;
  at: Instant;
  data: Record<string, unknown>;
}

/** Translates events of one type into facts. Pure; never throws. */
export type Handler = (input: HandlerInput, findPrice: FindPrice) => Normalized;
