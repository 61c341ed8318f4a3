/** Parses requests and writes responses of all routes: JSON, `no-store`, one shape for errors. */
import type { ZodError, z } from "zod";
import { inRequest, log } from "@/lib/core/observability";
import { DatabaseError } from "@/lib/database";
import { CLOSE_CONNECTION, requireBody } from "./body";
import { HttpError } from "./http-error";

/** `private`, since a response may contain a renewed session cookie. */
const HEADERS = { "cache-control": "private, no-store" };

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return Response.json(body, { status, headers: { ...HEADERS, ...headers } });
}

/**
 * Runs a route and converts its errors to the error responses of the contract. The response has the request's id, which
 * the log and the decisions have too.
 * @param request its `x-request-id` from a proxy is used; without it the request gets a new id
 */
export function answer(route: () => Promise<Response>, request?: Request): Promise<Response> {
  return inRequest(request?.headers.get("x-request-id"), async (requestId) => {
    const { body, status, headers } = await outcomeOf(route);
    const named = new Headers(headers);
    named.set("x-request-id", requestId);
    return new Response(body, { status, headers: named });
  });
}

async function outcomeOf(route: () => Promise<Response>): Promise<Response> {
  try {
    return await route();
  } catch (error) {
    return errorResponse(error);
  }
}

function errorResponse(error: unknown): Response {
  if (error instanceof HttpError) {
    return json({ error: error.message, reason: error.reason, ...error.details }, error.status, {
      ...retryAfter(error.status, error.details.retryAfterSeconds),
      ...((error.status === 408 || error.status === 413) && CLOSE_CONNECTION),
    });
  }
  if (error instanceof DatabaseError && error.problem !== "broken") return databaseResponse(error);
  log.error({ error: String(error), stack: error instanceof Error ? error.stack : undefined }, "Route failed");
  return json({ error: "Something went wrong on our side.", reason: "internal_error" }, 500);
}

const STATUS = { bad_input: 400, forbidden: 403, not_found: 404, conflict: 409 } as const;
type Answered = keyof typeof STATUS;

/**
 * Errors after which certainly nothing was changed. Postgres rolls back after these SQLSTATEs: lock not granted, deadlock,
 * cancelled query, user erased meanwhile. `overloaded` is a gate call that was never sent.
 */
const UNDONE = new Set(["55P03", "40P01", "40001", "57014", "23503", "overloaded"]);

function databaseResponse({ problem, message, reason, field, code }: DatabaseError): Response {
  if (problem !== "unavailable") {
    return json({ error: message, reason: reason ?? problem, ...(field && { field }) }, STATUS[problem as Answered]);
  }
  const advice = UNDONE.has(code)
    ? "Nothing was changed."
    : "Whether the call was carried out is not known: send it again with the same idempotencyKey.";
  return json({ error: `The database did not answer in time. ${advice}`, reason: "unavailable" }, 503, retryAfter(503));
}

function retryAfter(status: number, seconds: unknown = 2): Record<string, string> {
  return status === 503 || status === 429 ? { "retry-after": String(seconds) } : {};
}

/**
 * The request's JSON body, parsed by a schema.
 * @throws HttpError 400 with the field, 408, 413
 */
export async function readJson<T extends z.ZodType>(request: Request, schema: T): Promise<z.infer<T>> {
  const raw = await requireBody(request);
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(raw));
  } catch {
    throw new HttpError(400, "not_json", "The body is not JSON.");
  }
  return parse(schema, body);
}

/** @throws HttpError 400 with the first wrong field */
export function parse<T extends z.ZodType>(schema: T, value: unknown): z.infer<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw badInput(parsed.error);
}

function badInput({ issues }: ZodError): HttpError {
  const [issue] = issues;
  const field = issue?.code === "unrecognized_keys" ? issue.keys[0] : issue?.path.join(".");
  const text = issue?.code === "unrecognized_keys" ? "is not known here" : (issue?.message ?? "is wrong");
  const params = issue?.code === "custom" ? issue.params : undefined;
  if (params?.unusableText) log.info({ field }, "Refused text with unusable characters");
  const reason = params?.reason;
  return new HttpError(
    400,
    typeof reason === "string" ? reason : "bad_input",
    `${field || "The body"}: ${text}`,
    field ? { field } : {},
  );
}
