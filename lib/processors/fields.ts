/** Schemas of fields that both processors' objects have; null and absent are the same. */
import { z } from "zod";
import { line } from "@/lib/core/text";
import { identifier } from "./envelope";

export function optional<T extends z.ZodType>(schema: T) {
  return schema.nullish().transform((value): z.output<T> | null => value ?? null);
}

export const id = z.string().refine((value) => identifier(value) !== null);

/** The maximum is that of Postgres' `integer`. */
export const quantity = optional(z.number().int().min(0).max(2_147_483_647));

/** A text for display only: one that cannot be stored counts as none. */
export const shownText = optional(line({ max: 500 })).catch(null);

/**
 * Makes the reader of an event's object, and of the quarantine reasons for its fields.
 * @param place the object's path in the event
 */
export function objectReader(place: string) {
  /** The quarantine reason for a field of the object. */
  function missingField(path: readonly PropertyKey[]): string {
    return [`missing_field:${place}`, ...path.map(String)].join(".");
  }

  /** Parses an object, or returns the reason that names the first missing or malformed field. */
  function readObject<T extends z.ZodType>(
    shape: T,
    object: Record<string, unknown>,
  ): { ok: true; value: z.output<T> } | { ok: false; reason: string } {
    const read = shape.safeParse(object);
    if (read.success) return { ok: true, value: read.data };
    return { ok: false, reason: missingField(read.error.issues[0]?.path ?? []) };
  }

  return { missingField, readObject };
}

type Present<T> = { [K in keyof T]?: NonNullable<T[K]> };

/** Removes the fields that are null or undefined. */
export function withoutNulls<T extends object>(fields: T): Present<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value != null)) as Present<T>;
}
