import { hasErrorBrand } from "@/lib/core/error-brand";

const BRAND = Symbol.for("tollgate.HttpError");

/** An error response: a message for people, and a reason code for programs. */
export class HttpError extends Error {
  override name = "HttpError";
  readonly [BRAND] = true;

  static override [Symbol.hasInstance](value: unknown): boolean {
    return hasErrorBrand(value, BRAND);
  }

  constructor(
    readonly status: number,
    readonly reason: string,
    message: string,
    readonly details: Record<string, unknown> = {},
  ) {
    super(message);
  }
}
