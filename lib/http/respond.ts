/** Parses requests and writes responses of all routes: JSON, `no-store`, one shape for errors. */
import type { z } from "zod";
import { DomainError, type Problem } from "@/lib/core/domain-error";
import { inRequest, log } from "@/lib/core/observability";
import { parse } from "@/lib/core/parse";
import { DatabaseError } from "@/lib/database";
import { requireBody } from "./body";
import { problemHeaders, STATUSES } from "./statuses";

/** `private`, since a response may contain a renewed session cookie. */
const HEADERS = { "cache-control": "private, no-store" };

/** A JSON response that no cache stores. */
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
  if (error instanceof DomainError) {
    const { problem, message, reason, details } = error;
    const headers = problemHeaders(problem, details.retryAfterSeconds);
    return json({ error: message, reason, ...details }, STATUSES[problem], headers);
  }
  if (error instanceof DatabaseError && error.problem !== "broken") return databaseResponse(error, error.problem);
  log.error({ error: String(error), stack: error instanceof Error ? error.stack : undefined }, "Route failed");
  return json({ error: "Something went wrong on our side.", reason: "internal_error" }, 500);
}

/**
 * Errors after which certainly nothing was changed. Postgres rolls back after these SQLSTATEs: lock not granted, deadlock,
 * cancelled query, user erased meanwhile. `overloaded` is a gate call that was never sent.
 */
const UNDONE = new Set(["55P03", "40P01", "40001", "57014", "23503", "overloaded"]);

function databaseResponse({ message, reason, field, code }: DatabaseError, problem: Problem): Response {
  const body =
    problem === "unavailable"
      ? { error: `The database did not answer in time. ${advice(code)}`, reason: "unavailable" }
      : { error: message, reason: reason ?? problem, ...(field && { field }) };
  return json(body, STATUSES[problem], problemHeaders(problem));
}

function advice(code: string): string {
  return UNDONE.has(code)
    ? "Nothing was changed."
    : "Whether the call was carried out is not known: send it again with the same idempotencyKey.";
}

/**
 * The request's JSON body, parsed by a schema.
 * @throws DomainError bad_input with the field, too_slow, too_large
 */
export async function readJson<T extends z.ZodType>(request: Request, schema: T): Promise<z.infer<T>> {
  const raw = await requireBody(request);
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(raw));
  } catch {
    throw new DomainError("bad_input", "not_json", "The body is not JSON.");
  }
  return parse(schema, body);
}
