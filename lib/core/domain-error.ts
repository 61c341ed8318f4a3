import { hasErrorBrand } from "./error-brand";

/**
 * The kinds of refusals and failures that a caller can act on. `lib/http` has a status for each.
 * `too_slow`: the caller sent its request too slowly. `upstream_failed`: a service that the work needs has failed.
 */
export const PROBLEMS = [
  "bad_input",
  "unauthenticated",
  "payment_required",
  "forbidden",
  "not_found",
  "too_slow",
  "conflict",
  "too_large",
  "too_many",
  "upstream_failed",
  "unavailable",
] as const;
export type Problem = (typeof PROBLEMS)[number];

/** Whether the same call may succeed in a moment. */
export function isTemporary(problem: Problem): boolean {
  return problem === "too_many" || problem === "unavailable";
}

const BRAND = Symbol.for("tollgate.DomainError");

/** A refusal or a failure: a message for people, and a reason code for programs. */
export class DomainError extends Error {
  override name = "DomainError";
  readonly [BRAND] = true;

  static override [Symbol.hasInstance](value: unknown): boolean {
    return hasErrorBrand(value, BRAND);
  }

  /** @param details become fields of the error response; `retryAfterSeconds` also its header */
  constructor(
    readonly problem: Problem,
    readonly reason: string,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

/** The refusal of a request for something that does not exist, or that the caller must not know of. */
export function nothingHere(): DomainError {
  return new DomainError("not_found", "not_found", "There is nothing here.");
}
