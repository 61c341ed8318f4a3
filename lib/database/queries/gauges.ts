/** Gauges: numbers of things that exist, with or without a table whose rows they count. */
import { z } from "zod";
import { verdictSchema } from "@/lib/billing/schemas/usage-view";
import type { FieldId } from "@/lib/config/catalog";
import type { Call } from "./call";
import { count } from "./columns";

export function gaugeQueries(call: Call) {
  return {
    setGauge: (userId: string, field: FieldId, value: number, idempotencyKey?: string) =>
      call(verdictSchema, "set_gauge", {
        p_user_id: userId,
        p_field: field,
        p_value: value,
        p_idempotency_key: idempotencyKey ?? null,
      }),

    /** @param delta the number of new things; negative: of deleted ones */
    addToGauge: (userId: string, field: FieldId, delta: number, idempotencyKey?: string) =>
      call(verdictSchema, "add_to_gauge", {
        p_user_id: userId,
        p_field: field,
        p_delta: delta,
        p_idempotency_key: idempotencyKey ?? null,
      }),

    /** Sets a gauge to the number of rows of its table. */
    syncGauge: (userId: string, field: FieldId) =>
      call(z.object({ counted: count, actual: count, drift: count }), "sync_gauge", {
        p_user_id: userId,
        p_field: field,
      }),
  };
}
