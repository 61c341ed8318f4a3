/**
 * Types of text from outside: route parameters, queries, bodies, forms, headers and token claims. Boundaries use these
 * types and no bare `z.string()` (text-boundaries.test.ts). No type accepts NUL, which Postgres cannot store, or half of a
 * surrogate pair, which UTF-8 replaces.
 */
import { z } from "zod";

interface TextOptions {
  /** The fewest characters; 1 by default. */
  min?: number;
  max?: number;
  /** One message for every problem, instead of a message for each. */
  error?: string | undefined;
}

/** Marks an issue as one of unusable characters, which `parse` logs. */
export const UNUSABLE = { unusableText: true };

const NOT_IN_A_LINE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;
/** Tabs, line breaks and page breaks are content. */
const NOT_IN_LINES = /(?![\t\n\v\f\r\u0085])[\p{Cc}\p{Cs}]/u;
const NOT_STORABLE = /[\0\p{Cs}]/u;

/** An identifier: one line in normal form C, so that two ways to encode it name one thing. 1 to 255 characters. */
export function identifier({ max = 255, error }: TextOptions = {}) {
  const message = error ?? `has 1 to ${max} characters, none of them a control character`;
  return text({ refused: NOT_IN_A_LINE, max, error: message, identifies: true });
}

/** A user's id, as tokens, services and admins name it. */
export const userIdSchema = identifier();

/** A name, a reason, a search: one line without white space at its ends. */
export function line({ min = 1, max = 255, error }: TextOptions = {}) {
  return text({ refused: NOT_IN_A_LINE, min, max, error, unusable: "is one line", trims: true });
}

/** Text of several lines, without white space at its ends. */
export function prose({ min = 1, max = 4_000, error }: TextOptions = {}) {
  const unusable = "holds a control character";
  return text({ refused: NOT_IN_LINES, min, max, error, unusable, trims: true });
}

/** A password or token, which is passed on as it is. */
export function secret({ max = 1_000, error }: TextOptions = {}) {
  return text({ refused: NOT_STORABLE, max, error, unusable: "holds a character that cannot be stored" });
}

/** An ISO instant of the years 1 to 9999 in UTC. JavaScript writes other years in a way that Postgres cannot read. */
export function isoInstant(error: string) {
  return z.iso.datetime({ offset: true, error }).refine(isOfKnownYear, { error });
}

/** A day of the years 1 to 9999, as its beginning in UTC. */
export function isoDay(error: string) {
  return z.iso.date({ error }).refine(isOfKnownYear, { error });
}

function isOfKnownYear(value: string): boolean {
  const year = new Date(value).getUTCFullYear();
  return year >= 1 && year <= 9_999;
}

interface TextRule extends TextOptions {
  refused: RegExp;
  max: number;
  unusable?: string;
  trims?: boolean;
  /** Normalized, and its characters counted as Postgres counts them. */
  identifies?: boolean;
}

function text({ refused, min = 1, max, error, unusable = "", trims = false, identifies = false }: TextRule) {
  return z.string({ error: error ?? "is a text" }).transform((value, context) => {
    const refuse = (message: string, params?: typeof UNUSABLE) => {
      context.addIssue({ code: "custom", message: error ?? message, ...(params && { params }) });
      return z.NEVER;
    };
    const long = `is longer than ${max.toLocaleString("en")} characters`;
    // Before any work on a long text. White space at the ends counts here.
    if (value.length > 4 * max + 1_000) return refuse(long);
    const trimmed = trims ? value.trim() : value;
    if (refused.test(trimmed)) return refuse(unusable, UNUSABLE);
    const known = identifies ? trimmed.normalize("NFC") : trimmed;
    const length = identifies ? [...known].length : known.length;
    if (length < min) return refuse("is empty");
    return length > max ? refuse(long) : known;
  });
}
