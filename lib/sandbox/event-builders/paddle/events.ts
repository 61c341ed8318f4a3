/**
 * Builds events as Paddle sends them. Fixtures, tests and the fake Paddle share these builders, so they cannot differ.
 */
import { createHmac } from "node:crypto";
import type { Instant } from "@/lib/billing/types";
import type { PaddleObject } from "./price";

export { type AdjustmentSpec, type AdjustmentSums, adjustmentEntity } from "./adjustment";
export { type DiscountSpec, discountEntity } from "./discount";
export { type LineSpec, lineItem, lineSums, sumOfLines, taxRatesOf } from "./line";
export { lineId } from "./line-id";
export {
  micros,
  type PaddleObject,
  type PriceSpec,
  period,
  planPrice,
  priceEntities,
} from "./price";
export { type ItemSpec, type SubscriptionSpec, subscriptionEntity } from "./subscription";
export { type PaymentSpec, type TransactionSpec, transactionEntity } from "./transaction";

/** The event of an entity; `at` in milliseconds. A replay has another `notification_id` and the same `event_id`. */
export function event(
  type: string,
  data: PaddleObject,
  { id, at, notification = id.replace(/^evt_/, "ntf_") }: { id: string; at: Instant; notification?: string },
): PaddleObject {
  return {
    data,
    event_id: id,
    event_type: type,
    occurred_at: new Date(at).toISOString(),
    notification_id: notification,
  };
}

/** The `Paddle-Signature` header for a body sent at that second. */
export function sign(rawBody: string | Uint8Array, secret: string, timestampSeconds: number): string {
  const signature = createHmac("sha256", secret).update(`${timestampSeconds}:`).update(rawBody).digest("hex");
  return `ts=${timestampSeconds};h1=${signature}`;
}
