/** Schemas of the usage routes. Unknown fields are refused: a misspelt one must not be ignored silently. */
import { z } from "zod";
import { meterOf } from "@/lib/config/current-catalog";
import type { CounterName, GaugeName } from "@/lib/config/register";
import { fieldIdSchema } from "@/lib/config/schemas";
import { identifier, userIdSchema } from "@/lib/core/text";

const field = fieldIdSchema
  .refine((value) => meterOf(value).meter.kind !== "gauge", {
    error: "is a gauge: /api/usage/gauge changes it",
    params: { reason: "field_is_gauge" },
  })
  .transform((value) => value as CounterName);
const gauge = fieldIdSchema
  .refine((value) => meterOf(value).meter.kind === "gauge", {
    error: "is a counter: /api/usage/consume counts it",
    params: { reason: "field_is_counter" },
  })
  .transform((value) => value as GaugeName);
const wholeAmount = "is a whole number from 1 to 9007199254740991";
const positive = z.int({ error: wholeAmount }).min(1, { error: wholeAmount });
const amount = positive.default(1);
const DAY_SECONDS = 86_400;
const timeToLive = `is a whole number of seconds from 1 to ${DAY_SECONDS}`;
const key = identifier();

export const consumeRequest = z.strictObject({
  userId: userIdSchema.optional(),
  field,
  amount,
  idempotencyKey: key.optional(),
});

export const releaseRequest = z.strictObject({
  userId: userIdSchema,
  field,
  amount,
  of: key.optional(),
  idempotencyKey: key.optional(),
});

/** One call of the gate: several counters of one product, all or nothing. */
export const chargeRequest = z.strictObject({
  userId: userIdSchema,
  charges: z.array(z.strictObject({ field, amount })).min(1, { error: "names at least one field" }),
  idempotencyKey: key.optional(),
  bySession: z.boolean().default(false),
});

export type ChargeRequest = z.infer<typeof chargeRequest>;

export const reserveRequest = z.strictObject({
  userId: userIdSchema,
  field,
  amount: positive,
  ttlSeconds: z.int({ error: timeToLive }).min(1, { error: timeToLive }).max(DAY_SECONDS, { error: timeToLive }),
  idempotencyKey: key.optional(),
});

const settled = "is a whole number from 0 to 9007199254740991";
const things = z.int({ error: settled }).min(0, { error: settled });
const change = "is a whole number other than 0, at most 9007199254740991 in size";

const gaugeChange = z.strictObject({
  userId: userIdSchema,
  field: gauge,
  /** The number of things. */
  set: things.optional(),
  /** The number of new things; negative: of deleted ones. */
  add: z
    .int({ error: change })
    .refine((value) => value !== 0, { error: change })
    .optional(),
  idempotencyKey: key.optional(),
});
export const gaugeRequest = gaugeChange.refine(({ set, add }) => (set === undefined) !== (add === undefined), {
  error: "is needed, or add: one of the two",
  path: ["set"],
});
export type GaugeRequest = z.infer<typeof gaugeRequest>;

export const settleRequest = z.strictObject({
  userId: userIdSchema,
  reservationId: z.uuid({ error: "is a reservation's id" }),
  amount: things,
});

const MAX_DAYS = 400;
const days = `is a whole number from 1 to ${MAX_DAYS}`;
export const historyRequest = z.strictObject({
  field,
  days: z.coerce
    .number({ error: days })
    .int({ error: days })
    .min(1, { error: days })
    .max(MAX_DAYS, { error: days })
    .default(30),
});
