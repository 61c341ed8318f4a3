import type { IDiscountResponse } from "@paddle/paddle-node-sdk";
import type { Instant } from "@/lib/billing/types";
import { paddleCurrency } from "../currency";
import { micros, PRICES_CREATED } from "./price";

/** The input for a discount; flat amounts in US cents, percentages as text ("12.5"). */
export interface DiscountSpec {
  id: string;
  description: string;
  /** null: only the business can apply it. */
  code: string | null;
  type: "percentage" | "flat" | "flat_per_seat";
  amount: string;
  /** Whether it applies to more than one billing period. */
  recur: boolean;
  /** The number of billing periods to which it applies; null: all. */
  intervals: number | null;
  /** Ids of prices and products; null: all. */
  restrictTo: string[] | null;
  expiresAt: Instant | null;
  usageLimit: number | null;
  timesUsed: number;
  status: "active" | "expired" | "used" | "archived";
}

/** A discount as in Paddle's answers. */
export function discountEntity(spec: DiscountSpec) {
  return {
    id: spec.id,
    status: spec.status,
    description: spec.description,
    enabled_for_checkout: spec.code !== null,
    code: spec.code,
    mode: "standard",
    type: spec.type,
    amount: spec.amount,
    currency_code: spec.type === "percentage" ? null : paddleCurrency(),
    recur: spec.recur,
    maximum_recurring_intervals: spec.intervals,
    usage_limit: spec.usageLimit,
    restrict_to: spec.restrictTo,
    expires_at: spec.expiresAt === null ? null : micros(spec.expiresAt),
    custom_data: null,
    times_used: spec.timesUsed,
    created_at: PRICES_CREATED,
    updated_at: PRICES_CREATED,
    import_meta: null,
    discount_group_id: null,
    discount_group: null,
  } satisfies IDiscountResponse;
}
