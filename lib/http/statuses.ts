/** The status and the headers of the response to each problem. No other file knows them. */
import { isTemporary, type Problem } from "@/lib/core/domain-error";
import { CLOSE_CONNECTION } from "./body";

export const STATUSES: Readonly<Record<Problem, number>> = {
  bad_input: 400,
  unauthenticated: 401,
  payment_required: 402,
  forbidden: 403,
  not_found: 404,
  too_slow: 408,
  conflict: 409,
  too_large: 413,
  too_many: 429,
  upstream_failed: 502,
  unavailable: 503,
};

const RETRY_AFTER_SECONDS = 2;

/** `Retry-After` for a temporary problem; `Connection: close` if the request's body was not read to its end. */
export function problemHeaders(
  problem: Problem,
  retryAfterSeconds: unknown = RETRY_AFTER_SECONDS,
): Record<string, string> {
  if (isTemporary(problem)) return { "retry-after": String(retryAfterSeconds) };
  // The unread rest of the body would keep the connection open.
  return problem === "too_slow" || problem === "too_large" ? CLOSE_CONNECTION : {};
}
