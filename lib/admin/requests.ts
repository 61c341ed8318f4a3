/** The input of the admin's routes and pages. */
import { z } from "zod";
import { countedGauges } from "@/lib/config/current-catalog";
import { fieldIdSchema, processorSchema } from "@/lib/config/schemas";
import { identifier, isoDay, isoInstant, line, userIdSchema } from "@/lib/core/text";

const field = fieldIdSchema;
const whole = "is a whole number from 0 to 9007199254740991";
const instant = isoInstant("is an instant like 2027-01-31T00:00:00Z").transform(Date.parse);

export const grantRequest = z.strictObject({
  userId: userIdSchema,
  field,
  limit: z.int({ error: whole }).min(0, { error: whole }),
  /** Absent or null: until it is revoked. */
  expiresAt: instant.nullable().default(null),
  reason: line({ min: 0, max: 500, error: "has 500 characters at most, on one line" }).optional(),
});
export type GrantRequest = z.infer<typeof grantRequest>;

export const revokeRequest = z.strictObject({ userId: userIdSchema, field });
export type RevokeRequest = z.infer<typeof revokeRequest>;

const isCounted = (name: string) => countedGauges().includes(name);
/** Absent: the first gauge of the config that counts a table. */
const gauge = fieldIdSchema.refine(isCounted, { error: "counts no table: only such a gauge can be counted again" });
export const syncRequest = z.strictObject({
  userId: userIdSchema,
  field: gauge.optional().transform((field) => field ?? countedGauges()[0] ?? ""),
});
export type SyncRequest = z.infer<typeof syncRequest>;

export const reconcileRequest = z.strictObject({
  /** false: compares only. */
  repair: z.boolean().default(false),
  /** Absent: all users. */
  userId: userIdSchema.optional(),
});

/** An event's id, in addresses and forms. */
export const eventId = identifier();

export const replayRequest = z.strictObject({
  events: z
    .array(z.strictObject({ processor: processorSchema, id: eventId }))
    .min(1, { error: "names at least one event" })
    .max(100, { error: "names 100 events at most" }),
});

export const OUTCOMES = ["applied", "ignored", "deferred", "quarantined", "dead", "undecided", "waiting"] as const;

const text = line();
const DAY_OR_INSTANT = "is a day or an instant";
/** A day (its start in UTC) or an instant. */
const moment = z
  .union([isoDay(DAY_OR_INSTANT), isoInstant(DAY_OR_INSTANT)], { error: DAY_OR_INSTANT })
  .transform(Date.parse);

/** The last event of the previous page, which `after` encodes. */
export const eventCursor = z.object({ at: isoInstant("is an instant"), processor: processorSchema, id: eventId });

/** The filters of the list of events, from an address. */
export const eventQuery = z.object({
  processor: processorSchema.optional(),
  type: text.optional(),
  outcome: z.enum(OUTCOMES, { error: `is one of ${OUTCOMES.join(", ")}` }).optional(),
  userId: text.optional(),
  id: text.optional(),
  from: moment.optional(),
  to: moment.optional(),
  /** The `next` of the previous page. */
  after: text.optional(),
});
export type EventQuery = z.infer<typeof eventQuery>;

export const usersQuery = z.object({
  search: text.optional(),
  product: text.optional(),
  plan: text.optional(),
  status: text.optional(),
  after: text.optional(),
});

export const auditQuery = z.object({ userId: userIdSchema.optional() });

export const decisionQuery = z.object({
  userId: userIdSchema,
  limit: z.coerce
    .number()
    .int({ error: "is a whole number from 1 to 200" })
    .min(1, { error: "is a whole number from 1 to 200" })
    .max(200, { error: "is a whole number from 1 to 200" })
    .default(50),
});

/** The parameters of an address without the empty ones, which a form sends too. */
export function nonEmptyParameters(
  parameters: Iterable<[string, string | string[] | undefined]>,
): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [key, value] of parameters) {
    const first: unknown = Array.isArray(value) ? value[0] : value;
    // If a parameter has the name of an Object property, such as constructor, Next adds the inherited value.
    if (typeof first === "string" && first.trim() !== "") result[key] = first;
  }
  return result;
}
