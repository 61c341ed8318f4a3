/** What the usage routes accept. Unknown fields are refused: a misspelt one must not be ignored silently. */
import { z } from "zod";
import { FIELD_IDS, type FieldId, meterOf } from "@/lib/billing/catalog";

const field = z
  .enum(FIELD_IDS as [FieldId, ...FieldId[]], { error: `is one of ${FIELD_IDS.join(", ")}` })
  .refine((value) => meterOf(value).meter.kind !== "gauge", {
    error: "follows the things that exist and is never counted by hand",
    params: { reason: "field_is_gauge" },
  });
const wholeAmount = "is a whole number from 1 to 9007199254740991";
const amount = z.int({ error: wholeAmount }).min(1, { error: wholeAmount }).default(1);
/** Control characters cannot be stored; halves of surrogate pairs would all become one and the same character. */
const storable = /^[^\p{Cc}\p{Cs}]{1,255}$/u;
const unstorable = "has 1 to 255 characters, none of them a control character";
const key = z.string({ error: unstorable }).regex(storable, { error: unstorable });
export const userIdSchema = z.string({ error: unstorable }).regex(storable, { error: unstorable });

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
