/** The database's errors by SQLSTATE: one table for both transports. */

import type { Problem } from "@/lib/core/domain-error";
import { hasErrorBrand } from "@/lib/core/error-brand";

/** `broken`: a defect of ours. */
export type DatabaseProblem =
  | Extract<Problem, "bad_input" | "forbidden" | "not_found" | "conflict" | "unavailable">
  | "broken";

/** Our functions raise these with the parameter's name as the detail and a reason code as the hint. */
const OURS: Readonly<Record<string, DatabaseProblem>> = {
  TG400: "bad_input",
  TG403: "forbidden",
  TG404: "not_found",
  TG409: "conflict",
};

/** Postgres cannot store NUL or halves of surrogate pairs. Boundaries refuse both (lib/core/text.ts). */
const UNSTORABLE_TEXT = new Set(["22021", "22P05"]);

const LOCK_NOT_AVAILABLE = "55P03";

/** Codes and classes of codes after which the same call may succeed later. */
const UNAVAILABLE = ["08", "53", "57", "40", LOCK_NOT_AVAILABLE, "58", "25006", "XX001", "XX002"];

const FOREIGN_KEY = "23503";

/**
 * An erasure deleted the user between two statements of a call, which was rolled back. A repeated call creates the user
 * again.
 */
function erasedMeanwhile({ code, message = "" }: { code?: string | undefined; message?: string | undefined }): boolean {
  return code === FOREIGN_KEY && message.includes("_user_id_fkey");
}

/** Errors of the network and of the pool, which have no SQLSTATE. */
const NETWORK = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH", "ENOTFOUND", "EAI_AGAIN"]);

const BRAND = Symbol.for("tollgate.DatabaseError");

/** A call to the database that returned an error. */
export class DatabaseError extends Error {
  override name = "DatabaseError";
  readonly [BRAND] = true;

  static override [Symbol.hasInstance](value: unknown): boolean {
    return hasErrorBrand(value, BRAND);
  }

  constructor(
    message: string,
    readonly problem: DatabaseProblem,
    /** SQLSTATE, or the network's own code. */
    readonly code: string,
    /** The wrong input, under its name in the API. */
    readonly field: string | null = null,
    readonly reason: string | null = null,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

interface RawError {
  code?: string | undefined;
  message?: string | undefined;
  detail?: string | null | undefined;
  hint?: string | null | undefined;
}

/**
 * Classifies an error of a transport. An error that is not known to be temporary counts as broken: retries would hide a
 * defect.
 */
export function databaseError(raw: RawError, cause?: unknown): DatabaseError {
  const code = raw.code ?? "";
  const message = raw.message ?? "The database did not answer.";
  const ours = OURS[code];
  if (ours) return new DatabaseError(message, ours, code, raw.detail ?? null, raw.hint ?? null, { cause });
  if (UNSTORABLE_TEXT.has(code))
    return new DatabaseError("A text has a character that cannot be stored.", "bad_input", code, null, null, { cause });
  const unavailable =
    NETWORK.has(code) ||
    erasedMeanwhile(raw) ||
    UNAVAILABLE.some((prefix) => code.startsWith(prefix)) ||
    // pg reports these without a code.
    /timeout|terminated|ended|Client has encountered a connection error/i.test(code === "" ? message : "");
  return new DatabaseError(message, unavailable ? "unavailable" : "broken", code, null, null, { cause });
}

const SERIALIZATION_FAILURE = "40001";

/** Whether the failed call may be repeated at once, since it was rolled back. */
export function isRepeatable(error: unknown): boolean {
  return error instanceof DatabaseError && (erasedMeanwhile(error) || error.code === SERIALIZATION_FAILURE);
}

/**
 * Whether the call lost against another transaction: a lock that it did not get, a deadlock, or an erasure. The call was
 * rolled back, and the database answers.
 */
export function isContention(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return false;
  return error.code === LOCK_NOT_AVAILABLE || error.code.startsWith("40") || erasedMeanwhile(error);
}
