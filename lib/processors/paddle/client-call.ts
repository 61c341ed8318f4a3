/** Runs one request of Paddle's SDK: within a time of its own, and failing in the product's words only. */
import { ApiError } from "@paddle/paddle-node-sdk";
import { remainingMs } from "../deadline";
import { ProcessorError, type ProcessorProblem } from "../processor-client";

/** `operation` is for the message; the answer is the request's own. Throws `ProcessorError` only. */
export type Call = <T>(operation: string, request: () => Promise<T>) => Promise<T>;

/**
 * The SDK takes no signal, so a request that is given up goes on in the background and may still be carried out;
 * if it is, its webhook tells.
 */
export function caller({ apiKey, timeoutMs }: { apiKey: string; timeoutMs: number }): Call {
  return async (operation, request) => {
    const limit = remainingMs(timeoutMs);
    if (limit === 0) throw new ProcessorError(`Paddle was not asked in time (${operation}).`, "unavailable", "timeout");
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      const late = `Paddle did not answer within ${limit} ms (${operation}); the request may still be carried out.`;
      timer = setTimeout(() => reject(new ProcessorError(late, "unavailable", "timeout")), limit);
    });
    try {
      return await Promise.race([request(), timeout]);
    } catch (error) {
      throw asProcessorError(error, operation, apiKey);
    } finally {
      clearTimeout(timer);
    }
  };
}

/** Paddle answered, but not what it documents. */
export function unreadable(operation: string, what: string): ProcessorError {
  return new ProcessorError(`Paddle's answer cannot be read (${operation}): ${what}.`, "unavailable", "unreadable");
}

/**
 * What the SDK threw is never kept as the cause: a key with a line break in it makes `fetch` throw an error that quotes
 * the whole header.
 */
function asProcessorError(error: unknown, operation: string, apiKey: string): ProcessorError {
  if (error instanceof ProcessorError) return error;
  if (error instanceof ApiError) {
    const detail = String(error.detail ?? "").replaceAll(apiKey, "…");
    const message = `Paddle refused (${operation}): ${error.code}: ${detail}`;
    return new ProcessorError(message, problemOf(error), error.code ?? null);
  }
  const code = systemCode(error);
  if (code !== null) return new ProcessorError(`Paddle cannot be reached (${operation}): ${code}`, "unavailable", code);
  return unreadable(operation, error instanceof Error ? error.name : "unknown");
}

/** Paddle's answer for a charge that could not be made; nothing was changed. */
const DECLINED = /(^|_)(declined|payment_failed)(_|$)|^subscription_update_transaction_/;
const NO_PAYMENT_METHOD = /_missing_payment_method_|_no_payment_method/;
const REFUND_PENDING = /_pending_refund$/;
/** A renewal, a payment or another change is under way, or there were too many charges at once. */
const BUSY = /(^|_)locked(_|$)|^subscription_(outstanding|immediate_charge)_|_when_past_due$/;
/** A purchase cannot redeem this discount. */
const INVALID_CODE = /^discount_|^transaction_(invalid_)?discount_/;
/** Less than Paddle charges. */
const TOO_SMALL = /_balance_less_than_charge_limit$/;
const NOT_FOUND = /(^|_)not_found$/;

/** The SDK keeps no status: `api_error` is what Paddle says with 5xx and 429. */
function problemOf({ type, code }: ApiError): ProcessorProblem {
  if (REFUND_PENDING.test(code)) return "refund_pending";
  if (BUSY.test(code)) return "busy";
  if (type === "api_error" || code === "too_many_requests") return "unavailable";
  if (NO_PAYMENT_METHOD.test(code)) return "no_payment_method";
  if (INVALID_CODE.test(code)) return "invalid_code";
  if (TOO_SMALL.test(code)) return "amount_too_small";
  if (DECLINED.test(code)) return "declined";
  if (NOT_FOUND.test(code)) return "not_found";
  return "invalid";
}

/** `fetch` wraps what the network said: `ECONNREFUSED`, `ENOTFOUND`, `UND_ERR_SOCKET`. */
function systemCode(error: unknown): string | null {
  const cause = error instanceof Error ? error.cause : undefined;
  if (typeof cause !== "object" || cause === null || !("code" in cause)) return null;
  return typeof cause.code === "string" ? cause.code : null;
}
