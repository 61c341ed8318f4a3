import type { Instant } from "@/lib/billing/types";
import type { FindPrice } from "@/lib/config/catalog";
import type { Normalized } from "../webhook-source";

/** One event, its envelope read: what a handler needs to say what happened. */
export interface Delivered {
  id: string;
  type: string;
  at: Instant;
  data: Record<string, unknown>;
}

/** What events of one type mean. Pure, total. */
export type Handler = (delivered: Delivered, findPrice: FindPrice) => Normalized;
