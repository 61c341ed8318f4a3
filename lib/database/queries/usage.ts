/** Usage and limits: charges, reservations, entitlements, overrides. */
import { z } from "zod";
import {
  decisionViewSchema,
  entitlementSchema,
  reservationSchema,
  settlementSchema,
  usageHistorySchema,
  usageViewSchema,
  verdictSchema,
} from "@/lib/billing/schemas/usage-view";
import type { Instant } from "@/lib/billing/types";
import type { FieldId, ProductId } from "@/lib/config/catalog";
import { databaseError } from "../errors";
import { sqlArray } from "../transports/sql-array";
import { type Call, iso } from "./call";
import { count } from "./columns";

/** A batch's sum for one user's field. `unkeyed` is the sum of the calls without an idempotency key. */
export interface ChargeSum {
  userId: string;
  field: FieldId;
  amount: number;
  unkeyed: number;
  /** Sums of one number are charged together or not at all; 0: alone. */
  group: number;
  keyed: KeyedCharge[];
}

/** A charge of a call with an idempotency key. */
export interface KeyedCharge {
  key: string;
  /** A session's key: the same text from a service is another key. */
  bySession?: boolean;
  /** The charge's index in its call, from 0. */
  place: number;
  amount: number;
  /** The earlier calls' sum of the same field in the batch. */
  before: number;
}

/** One field's amount in a call; the charges of one call are all or nothing. */
export interface OrderedCharge {
  /** The index of its call, from 0. */
  call: number;
  userId: string;
  field: FieldId;
  amount: number;
  key: string | null;
  /** Like `KeyedCharge.bySession`. */
  bySession?: boolean;
}

/** Numbers of several sums: one array per number. */
const counts = z.array(count);
const numbers = z.tuple([counts, counts, counts, counts, counts, z.array(z.string())], counts);
const none = z.tuple([z.null()], z.null());
const batchAnswer = z.object({ charged: z.union([numbers, none]), denied: z.union([numbers, none]).nullable() });

/** A sum's numbers before the batch, and whether all of it was charged. */
export interface FieldState {
  charged: boolean;
  used: number;
  limit: number;
  remaining: number;
  unpaidHeld: number;
  resetsAt: string;
  plan: string;
}

const verdicts = z.array(verdictSchema);
const refusedCall = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    detail: z.string().nullable(),
    hint: z.string().nullable(),
  }),
});

/** The arguments of consume_batch: one array per column. */
function batchArguments(sums: readonly ChargeSum[]) {
  const keyed = sums.flatMap((sum, index) =>
    sum.keyed.map(({ bySession, ...charge }) => ({ ...charge, sum: index + 1, by_session: bySession })),
  );
  return {
    p_users: sqlArray(sums.map(({ userId }) => userId)),
    p_fields: sqlArray(sums.map(({ field }) => field)),
    p_amounts: sqlArray(sums.map(({ amount }) => amount)),
    p_unkeyed: sqlArray(sums.map(({ unkeyed }) => unkeyed)),
    p_groups: sqlArray(sums.map(({ group }) => group)),
    p_keyed: keyed.length > 0 ? keyed : null,
  };
}

/** The numbers of each sum, in their order; null for a sum that was left out. */
function fieldStates({ charged, denied }: z.infer<typeof batchAnswer>, sums: number): (FieldState | null)[] {
  const states = new Array<FieldState | null>(sums).fill(null);
  for (const numbers of [charged, denied]) {
    if (numbers === null || numbers[0] === null) continue;
    const [positions, used, limits, remaining, resets, plans, unpaidHeld] = numbers;
    for (const [index, position] of positions.entries()) {
      states[position - 1] = {
        charged: numbers === charged,
        used: used[index] as number,
        limit: limits[index] as number,
        remaining: remaining[index] as number,
        unpaidHeld: unpaidHeld?.[index] ?? 0,
        resetsAt: new Date(resets[index] as number).toISOString(),
        plan: plans[index] as string,
      };
    }
  }
  return states;
}

function chargeRecords(charges: readonly OrderedCharge[]) {
  return charges.map(({ userId, bySession, ...charge }) => ({ ...charge, user_id: userId, by_session: bySession }));
}

export function usageQueries(call: Call) {
  return {
    /**
     * Adds the units that were used in the running window before Tollgate counted, also over the limit. Units that an
     * earlier call added are not added again.
     */
    addOpeningUsage: (userId: string, field: string, used: number) =>
      call(z.object({ added: count, used: count, limit: count }), "add_opening_usage", {
        p_user_id: userId,
        p_field: field,
        p_used: used,
      }),

    /** All products of a user, free ones too. Corrects plans that differ from the timeline. */
    usage: (userId: string) =>
      call(
        usageViewSchema.extend({
          corrected: z.array(z.object({ product: z.string(), from: z.string(), to: z.string() })),
        }),
        "get_usage",
        { p_user_id: userId },
      ),

    /** Plan and limits of every product. `revision` orders cache entries, and `freshMs` is their lifetime. */
    entitlements: (userId: string) =>
      call(
        z.array(
          z.object({
            product: entitlementSchema.shape.product,
            revision: count,
            freshMs: count,
            entitlement: entitlementSchema,
          }),
        ),
        "get_entitlements",
        { p_user_id: userId },
      ),

    decisions: (userId: string, limit: number) =>
      call(z.array(decisionViewSchema), "list_decisions", { p_user_id: userId, p_limit: limit }),

    consume: (userId: string, field: FieldId, amount: number, idempotencyKey?: string) =>
      call(verdictSchema, "check_and_increment_usage", {
        p_user_id: userId,
        p_field: field,
        p_amount: amount,
        p_idempotency_key: idempotencyKey ?? null,
      }),

    /** The numbers of each sum, in their order; null for a sum that needs a sequential call. */
    consumeBatch: async (sums: readonly ChargeSum[]): Promise<(FieldState | null)[]> => {
      const options = { keys: "as stored" } as const;
      return fieldStates(await call(batchAnswer, "consume_batch", batchArguments(sums), options), sums.length);
    },

    /** Evaluates one user's calls in order. Returns each call's verdicts or its error. */
    consumeSequential: async (charges: readonly OrderedCharge[]) => {
      const answers = await call(z.array(z.union([verdicts, refusedCall])), "consume_sequential", {
        p_charges: chargeRecords(charges),
      });
      return answers.map((answer) => ("error" in answer ? databaseError(answer.error) : answer));
    },

    release: (userId: string, field: FieldId, amount: number, of?: string, idempotencyKey?: string) =>
      call(verdictSchema.extend({ givenBack: count }), "release_usage", {
        p_user_id: userId,
        p_field: field,
        p_amount: amount,
        p_of: of ?? null,
        p_idempotency_key: idempotencyKey ?? null,
      }),

    reserve: (userId: string, field: FieldId, amount: number, ttlSeconds: number, idempotencyKey?: string) =>
      call(reservationSchema, "reserve_usage", {
        p_user_id: userId,
        p_field: field,
        p_amount: amount,
        p_ttl_seconds: ttlSeconds,
        p_idempotency_key: idempotencyKey ?? null,
      }),

    settle: (userId: string, reservationId: string, amount: number) =>
      call(settlementSchema, "settle_usage", {
        p_user_id: userId,
        p_reservation_id: reservationId,
        p_amount: amount,
      }),

    usageHistory: (userId: string, field: FieldId, days: number) =>
      call(usageHistorySchema, "usage_history", { p_user_id: userId, p_field: field, p_days: days }),

    /** Sets the user's limit of this field until `expiresAt` (null: no end); a `limit` of null removes the override. */
    setLimitOverride: (
      userId: string,
      field: FieldId,
      limit: number | null,
      { expiresAt, by, reason }: { expiresAt: Instant | null; by: string; reason?: string },
    ) =>
      call(
        verdictSchema.pick({ field: true, used: true, limit: true, remaining: true }).extend({ revision: count }),
        "set_limit_override",
        {
          p_user_id: userId,
          p_field: field,
          p_limit: limit,
          p_expires_at: iso(expiresAt),
          p_by: by,
          p_reason: reason ?? null,
        },
      ),

    validatePlanChange: (userId: string, plan: string, product: ProductId) =>
      call(
        z.object({ valid: z.boolean(), reason: z.string().nullable(), message: z.string().nullable() }),
        "validate_plan_change",
        { p_user_id: userId, p_new_plan: plan, p_product: product },
      ),

    /** The usage between each instant and the next, dated at the earlier instant. */
    usageSums: (userId: string, product: ProductId, cuts: readonly Instant[]) =>
      call(
        z.array(z.object({ at: z.iso.datetime().transform(Date.parse), field: z.string(), amount: count })),
        "usage_sums",
        { p_user_id: userId, p_product: product, p_cuts: cuts.map((at) => iso(at)) },
      ),
  };
}
