/** Reads the bytes of a webhook as a JSON object: the part of parsing that every processor shares. */
import type { Instant } from "@/lib/billing/types";
import type { RefusalReason } from "./webhook-source";

/** The maximum nesting; real events stay below 20. */
export const MAX_NESTING = 64;

/** 2200-01-01: no event has a later time. Periods and grace beyond it are still valid dates. */
export const LAST_INSTANT: Instant = Date.UTC(2200, 0, 1);

export type ParsedObject =
  | { ok: true; value: Record<string, unknown> }
  | { ok: false; reason: Extract<RefusalReason, "not_json" | "not_an_object" | "nested_too_deeply"> };

/**
 * Reads the JSON object in `raw`, or returns the reason for a refusal. Never throws.
 *
 * A byte order mark is skipped. Of duplicate keys the last one counts, as in Postgres' `jsonb`. `__proto__` is an ordinary
 * key.
 */
export function parseJsonObject(raw: Uint8Array): ParsedObject {
  if (nestsDeeperThan(raw, MAX_NESTING)) return { ok: false, reason: "nested_too_deeply" };
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(raw));
  } catch {
    return { ok: false, reason: "not_json" };
  }
  return isPlainObject(value) ? { ok: true, value } : { ok: false, reason: "not_an_object" };
}

/** Whether the value is a JSON object: no array, no null. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Returns the value if it is an identifier as processors write them, else null. An empty or very long text, or one with
 * control characters, would fail later as a key in Postgres.
 */
export function identifier(value: unknown): string | null {
  return typeof value === "string" && /^[\x21-\x7e]{1,255}$/.test(value) ? value : null;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/**
 * Counts brackets outside strings before parsing: a body of a million brackets costs one pass and no stack. UTF-8 never
 * uses these bytes inside another character.
 */
function nestsDeeperThan(raw: Uint8Array, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < raw.length; index++) {
    const byte = raw[index] as number;
    if (inString) {
      if (byte === BACKSLASH) index++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (OPENING.has(byte)) {
      depth++;
      if (depth > limit) return true;
    } else if (CLOSING.has(byte)) depth--;
  }
  return false;
}
