const MARK = Symbol.for("tollgate.HttpError");

/** An answer that is not a success: a message for a person, a code for a program. Known by its mark, as DatabaseError. */
export class HttpError extends Error {
  override name = "HttpError";
  readonly [MARK] = true;

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && MARK in value;
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
