/** Replaces secrets in log entries, by the name of the field and by the shape of the value, at every depth. */

const REDACTED = "[redacted]";

const SECRET_NAMES =
  /^(authorization|cookie|set-cookie|signature|.*-signature|secret|.*secret|.*_secret|password|passwd|token|.*_token|.*Token|api_?key|.*ApiKey|.*_key|secretKey|jwtKey|headers|raw|payload)$/i;

/** The shapes of our providers' keys and tokens, anywhere in a text. */
const SECRET_SHAPES: readonly RegExp[] = [
  /\b(sk|rk)_(live|test)_[\w-]{4,}/g,
  /\bwhsec_[\w+/=-]{4,}/g,
  /\bpdl_[\w-]{4,}/g,
  /\bsb_(secret|publishable)_[\w-]{4,}/g,
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g,
  /\bBearer\s+[^\s"',]{4,}/gi,
  // Only the password of a connection string.
  /(?<=\b\w+:\/\/[^\s:/@]*:)[^\s@/]+(?=@)/g,
];

/** Our own log fields are not deeper; a deeper object is from outside. */
const MAX_DEPTH = 6;

/** A copy without secrets. `known` are this installation's own secrets. */
export function redact(value: unknown, known: readonly string[] = [], depth = 0): unknown {
  if (typeof value === "string") return redactText(value, known);
  if (typeof value !== "object" || value === null) return value;
  if (depth >= MAX_DEPTH) return "[deeper]";
  if (value instanceof Error) return redact({ message: value.message, stack: value.stack }, known, depth);
  if (Array.isArray(value)) return value.map((each) => redact(each, known, depth + 1));
  if (ArrayBuffer.isView(value)) return REDACTED;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      SECRET_NAMES.test(key) && inner !== null && inner !== undefined ? REDACTED : redact(inner, known, depth + 1),
    ]),
  );
}

/** A text without secrets. */
export function redactText(text: string, known: readonly string[] = []): string {
  const withoutKnown = known.reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text);
  return SECRET_SHAPES.reduce((rest, shape) => rest.replace(shape, REDACTED), withoutKnown);
}
