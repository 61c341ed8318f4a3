/** The HTTP client for Stripe's SDK: the fake API in this process answers its requests. */
import { randomBytes } from "node:crypto";
import Stripe from "stripe";
import { env } from "@/lib/core/env";
import { API_VERSIONS } from "../event-builders/stripe/events";
import type { Sandbox } from "../sandbox";
import { parseForm } from "./form";
import { invalid, StripeProblem } from "./problem";
import { type ApiAnswer, handle } from "./router";

type FetchHttpClient = ReturnType<typeof Stripe.createFetchHttpClient>;

/** An HTTP client for the SDK; `site` is the address of the hosted pages, for links. */
export function httpClientOver(sandbox: () => Sandbox, site = ownSite()): FetchHttpClient {
  return Stripe.createFetchHttpClient(async (input, init) => {
    const request = new Request(input, init);
    const { status, body, now } = await answer(request, sandbox(), site);
    return Response.json(body, {
      status,
      headers: {
        date: new Date(now ?? Date.now()).toUTCString(),
        "request-id": `req_${randomBytes(7).toString("hex")}`,
        "stripe-version": API_VERSIONS.basil,
        // A retry would get the same answer.
        ...(status >= 400 && { "stripe-should-retry": "false" }),
      },
    });
  });
}

function ownSite(): string {
  return env().appUrl ?? `http://localhost:${env().port}`;
}

async function answer(request: Request, sandbox: Sandbox, site: string): Promise<ApiAnswer> {
  try {
    const url = new URL(request.url);
    refuseWrongCaller(request);
    const form = parseForm(request.method === "GET" ? url.search.slice(1) : await request.text());
    const idempotencyKey = request.headers.get("idempotency-key");
    return await handle({ method: request.method, path: url.pathname, form, idempotencyKey }, sandbox, site);
  } catch (error) {
    if (error instanceof StripeProblem) return { status: error.status, body: { error: error.body }, now: null };
    throw error;
  }
}

/** Refuses live keys, and other API versions, whose objects have another shape. */
function refuseWrongCaller({ headers }: Request): void {
  const key = headers.get("authorization") ?? "";
  if (!/^Bearer (sk|rk)_test_/.test(key)) {
    throw new StripeProblem(401, { type: "authentication_error", message: "The sandbox takes test keys only." });
  }
  const version = headers.get("stripe-version");
  if (version !== null && version !== API_VERSIONS.basil)
    throw invalid(`The sandbox supports ${API_VERSIONS.basil} only.`);
}
