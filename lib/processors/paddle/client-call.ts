/** Runs one request of Paddle's SDK with a time limit, and converts its errors to `ProcessorError`. */
import { ApiError } from "@paddle/paddle-node-sdk";
import { remainingMs } from "../deadline";
import { ProcessorError, type ProcessorProblem } from "../processor-client";

/** Returns the request's result; `operation` names it in messages. Throws `ProcessorError` only. */
export type Call = <T>(operation: string, request: () => Promise<T>) => Promise<T>;

/**
 * The SDK takes no abort signal, so a request continues after its timeout and may still succeed. Its webhook then reports
 * the effect.
 */
export function caller({ apiKey, timeoutMs }: { apiKey: string; timeoutMs: number }): Call {
  return async (operation, request) => {
    const limit = remainingMs(timeoutMs);
    if (limit === 0)
      throw new ProcessorError(
        `The deadline passed before Paddle was called (${operation}).`,
        "unavailable",
        "timeout",
      );
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

/** An error for a response that differs from Paddle's documentation. */
export function unreadable(operation: string, what: string): ProcessorError {
  return new ProcessorError(`Paddle's answer cannot be read (${operation}): ${what}.`, "unavailable", "unreadable");
}

/**
 * The SDK's error is never kept as the cause: if the key contains a line break, the error of `fetch` quotes the whole
 * header.
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

/** The charge failed; nothing was changed. */
const DECLINED = /(^|_)(declined|payment_failed)(_|$)|^subscription_update_transaction_/;
const NO_PAYMENT_METHOD = /_missing_payment_method_|_no_payment_method/;
const REFUND_PENDING = /_pending_refund$/;
/** A renewal, a payment or another change is under way, or there were too many charges at once. */
const BUSY = /(^|_)locked(_|$)|^subscription_(outstanding|immediate_charge)_|_when_past_due$/;
/** The purchase cannot redeem this discount. */
const INVALID_CODE = /^discount_|^transaction_(invalid_)?discount_/;
/** The amount is below Paddle's minimum. */
const TOO_SMALL = /_balance_less_than_charge_limit$/;
const NOT_FOUND = /(^|_)not_found$/;

/** The SDK drops the status; Paddle sends `api_error` with 5xx and 429. */
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

/** The network's error code, which `fetch` wraps: `ECONNREFUSED`, `ENOTFOUND`, `UND_ERR_SOCKET`. */
function systemCode(error: unknown): string | null {
  const cause = error instanceof Error ? error.cause : undefined;
  if (typeof cause !== "object" || cause === null || !("code" in cause)) return null;
  return typeof cause.code === "string" ? cause.code : null;
}
