import type { FindPrice } from "@/lib/billing/catalog";
import type { Instant } from "@/lib/billing/facts";
import type { Normalized } from "@/lib/billing/processors/processor";

/** One event, its envelope read: what a handler needs to say what happened. */
export interface Delivered {
  id: string;
  type: string;
  at: Instant;
  data: Record<string, unknown>;
}

/** What events of one type mean. Pure, total. */
export type Handler = (delivered: Delivered, findPrice: FindPrice) => Normalized;
