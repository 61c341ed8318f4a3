/**
 * The fake API over HTTP. Paddle's SDK takes no HTTP client, but any address: here the address of a route of our own.
 */
import { createHash, randomUUID, timingSafeEqual } from "node:crypto";
import { readBody as readRaw } from "@/lib/http";
import type { Sandbox } from "../sandbox";
import { PaddleProblem } from "./problem";
import { handle } from "./router";

export interface Connection {
  /** The API's address, without a trailing slash. */
  base: string;
  /** Grants full access, like Paddle's own keys. */
  apiKey: string;
  /** The address of the hosted pages. */
  site: string;
}

const MAX_BODY = 256 * 1024;

/** Answers one request of the SDK. */
export async function answerApi(request: Request, sandbox: Sandbox, connection: Connection): Promise<Response> {
  const meta = { request_id: randomUUID() };
  try {
    requireKey(request, connection.apiKey);
    requireVersion(request);
    const url = new URL(request.url);
    const path = url.pathname.slice(new URL(connection.base).pathname.length);
    const params = request.method === "GET" ? Object.fromEntries(url.searchParams) : await readBody(request);
    const { base, site } = connection;
    const { status, data, pagination } = await handle({ method: request.method, path, params, base }, sandbox, site);
    return respond(status, { data, meta: { ...meta, ...(pagination && { pagination }) } });
  } catch (error) {
    if (!(error instanceof PaddleProblem)) throw error;
    return respond(error.status, { error: error.body, meta });
  }
}

function requireKey({ headers }: Request, apiKey: string): void {
  const given = headers.get("authorization");
  if (given === null) throw new PaddleProblem(401, "authentication_missing", "Authentication header not included");
  const digest = (text: string) => createHash("sha256").update(text).digest();
  const key = given.replace(/^bearer /i, "");
  if (!timingSafeEqual(digest(key), digest(apiKey))) throw new PaddleProblem(403, "invalid_token", "Invalid API key");
}

/** Other API versions have another shape. */
function requireVersion({ headers }: Request): void {
  const version = headers.get("paddle-version");
  if (version !== null && version !== "1") {
    throw new PaddleProblem(400, "invalid_version", "The sandbox supports version 1 only");
  }
}

async function readBody(request: Request): Promise<Record<string, unknown>> {
  const raw = await readRaw(request, { maxBytes: MAX_BODY });
  if (raw === null) throw new PaddleProblem(413, "request_too_large", "Request is too large");
  const text = new TextDecoder().decode(raw);
  if (text === "") return {};
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === "object" && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  } catch {
    // The error below covers every body that is no object.
  }
  throw new PaddleProblem(400, "invalid_json", "Request body is not a JSON object");
}

function respond(status: number, body: object): Response {
  return Response.json(body, { status, headers: { "cache-control": "no-store" } });
}
