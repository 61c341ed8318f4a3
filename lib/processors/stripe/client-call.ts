/** Runs one request of Stripe's SDK, and converts its errors to `ProcessorError`. */
import Stripe from "stripe";
import { remainingMs } from "../deadline";
import { ProcessorError, type ProcessorProblem } from "../processor-client";

/** Returns the request's result; `operation` names it in messages. Throws `ProcessorError` only. */
export type Call = <T>(operation: string, request: () => Promise<T>) => Promise<T>;

export function caller({ apiKey }: { apiKey: string }): Call {
  return async (operation, request) => {
    try {
      return await request();
    } catch (error) {
      throw asProcessorError(error, operation, apiKey);
    }
  };
}

type HttpClient = NonNullable<NonNullable<ConstructorParameters<typeof Stripe>[1]>["httpClient"]>;

/** Wraps the SDK's HTTP client: it waits at most until the deadline, and sends nothing after it. */
export function withinDeadline(http: HttpClient): HttpClient {
  return {
    getClientName: () => http.getClientName(),
    makeRequest(host, port, path, method, headers, data, protocol, timeout) {
      const limit = remainingMs(timeout);
      if (limit === 0) return Promise.reject(Stripe.HttpClient.makeTimeoutError());
      return http.makeRequest(host, port, path, method, headers, data, protocol, limit);
    },
  };
}

/** An error for a response that differs from Stripe's documentation. */
export function unreadable(operation: string, what: string): ProcessorError {
  return new ProcessorError(`Stripe's answer cannot be read (${operation}): ${what}.`, "unavailable", "unreadable");
}

/** The SDK's error is never kept as the cause: it contains the request's headers, and so the key. */
function asProcessorError(error: unknown, operation: string, apiKey: string): ProcessorError {
  if (error instanceof ProcessorError) return error;
  if (!(error instanceof Stripe.errors.StripeError)) {
    return unreadable(operation, error instanceof Error ? error.name : "unknown");
  }
  const detail = error.message.replaceAll(apiKey, "…");
  return new ProcessorError(`Stripe refused (${operation}): ${detail}`, problemOf(error), codeOf(error));
}

function problemOf(error: InstanceType<typeof Stripe.errors.StripeError>): ProcessorProblem {
  const { errors } = Stripe;
  if (error instanceof errors.StripeCardError) return "declined";
  if (error instanceof errors.StripeConnectionError) return "unavailable";
  if (error.code === "lock_timeout") return "busy";
  if (error instanceof errors.StripeRateLimitError) return "unavailable";
  if (error instanceof errors.StripeAPIError) return "unavailable";
  // The first request with this key is still running.
  if (error instanceof errors.StripeIdempotencyError) return error.statusCode === 409 ? "unavailable" : "invalid";
  // For a charge without a payment method, Stripe's code is the one for a missing object.
  if (NOTHING_TO_CHARGE.test(error.message)) return "no_payment_method";
  if (error.code === "customer_tax_location_invalid") return "no_tax_address";
  return error.code === "resource_missing" ? "not_found" : "invalid";
}

const NOTHING_TO_CHARGE = /no attached payment source or default payment method/i;

function codeOf(error: InstanceType<typeof Stripe.errors.StripeError>): string | null {
  if (error instanceof Stripe.errors.StripeCardError && error.decline_code) return error.decline_code;
  return error.code ?? error.type ?? null;
}
