/**
 * Our own accounts at the sandbox's Stripe and Paddle for tests of commands: the real SDKs, and requests that can be cut off
 * as if the process were killed.
 */
import { createServer } from "node:http";
import { type Environment, Paddle } from "@paddle/paddle-node-sdk";
import Stripe from "stripe";
import { afterAll, beforeAll } from "vitest";
import type { Context, Variables } from "@/lib/cli/context";
import type { Terminal } from "@/lib/cli/terminal";
import type { Catalog } from "@/lib/config/catalog";
import { readEnv } from "@/lib/core/env";
import type { Gateway } from "@/lib/database";
import { paddleSetup } from "@/lib/processors/paddle/setup";
import { stripeSetup } from "@/lib/processors/stripe/setup";
import type { FakeProcessor } from "@/lib/sandbox/fake-processor";
import { answerApi, type Connection, fakePaddle } from "@/lib/sandbox/paddle";
import { createSandbox } from "@/lib/sandbox/sandbox";
import { fakeStripe, httpClientOver } from "@/lib/sandbox/stripe";
import { listen, stop } from "../fakes/listen";

const SITE = "https://app.example.com";
const STRIPE_KEY = "sk_test_tollgate_secret";

/** Requests of both SDKs, and the request after which the process counts as killed. */
export interface Wire {
  requests: string[];
  /** This request (from 1) is carried out, but its answer is lost, and no later one is sent. */
  killedAt: number | null;
  /** Answers instead of the sandbox if it returns a response. */
  intercept: ((method: string, path: string) => Response | null) | null;
}

export function createMerchant(gateway: () => Gateway) {
  const wire: Wire = { requests: [], killedAt: null, intercept: null };
  const sandboxOf = () =>
    createSandbox({
      gateway: gateway(),
      processors: [fakeStripe as FakeProcessor, fakePaddle as FakeProcessor],
      secret: () => "whsec_unused",
      send: async () => 200,
    });

  /** Sends a request, unless the process is killed before or during it. */
  async function through(method: string, path: string, send: () => Promise<Response>): Promise<Response> {
    if (wire.killedAt !== null && wire.requests.length >= wire.killedAt) throw new Error("killed");
    wire.requests.push(`${method} ${path}`);
    const last = wire.requests.length === wire.killedAt;
    const answer = wire.intercept?.(method, path) ?? (await send());
    if (last) throw new Error("killed");
    return answer;
  }

  const stripeClient = httpClientOver(sandboxOf, SITE);
  const stripeHttp: typeof stripeClient = Stripe.createFetchHttpClient(async (input, init) => {
    const { pathname, search } = new URL(String(input));
    const method = init?.method ?? "GET";
    return through(method, pathname, async () => {
      const body = init?.body as string | undefined;
      const answer = await stripeClient.makeRequest(
        "api.stripe.com",
        "443",
        `${pathname}${search}`,
        method as "GET",
        Object.fromEntries(new Headers(init?.headers)),
        body ?? "",
        "https",
        60_000,
      );
      const headers = answer.getHeaders() as Record<string, string>;
      return Response.json(await answer.toJSON(), { status: answer.getStatusCode(), headers });
    });
  });

  const connection: Connection = { base: "", apiKey: "pdl_sdbx_apikey_test", site: SITE };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = "GET", headers, url } = request;
    const asked = new URL(url ?? "/", connection.base);
    const body = method === "GET" ? null : Buffer.concat(chunks);
    const sent = new Request(asked, { method, headers: headers as Record<string, string>, body });
    try {
      const answer = await through(method, asked.pathname, () => answerApi(sent, sandboxOf(), connection));
      const bytes = Buffer.from(await answer.arrayBuffer());
      response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(bytes);
    } catch {
      response.destroy();
    }
  });
  beforeAll(async () => {
    connection.base = `http://127.0.0.1:${await listen(server)}/v1`;
  });
  afterAll(() => stop(server));

  const setup = {
    stripe: () => stripeSetup({ apiKey: STRIPE_KEY, httpClient: stripeHttp, maxNetworkRetries: 0 }),
    paddle: () => paddleSetup({ apiKey: connection.apiKey, environment: "sandbox", baseUrl: connection.base }),
  };
  /** What a person does in the dashboards: requests that are not counted. */
  const dashboard = {
    stripe: new Stripe(STRIPE_KEY, { httpClient: stripeClient, telemetry: false, maxNetworkRetries: 0 }),
    paddle: () => new Paddle(connection.apiKey, { environment: connection.base as Environment }),
  };

  function contextOf(catalog: Catalog, variables: Variables = {}): Context & { lines: string[]; notes: string[] } {
    const lines: string[] = [];
    const notes: string[] = [];
    const terminal: Terminal = {
      isTerminal: false,
      write: (line) => lines.push(line),
      note: (line) => notes.push(line),
      progress: () => {},
      confirm: async () => false,
    };
    const all = {
      APP_URL: SITE,
      STRIPE_SECRET_KEY: STRIPE_KEY,
      PADDLE_API_KEY: connection.apiKey,
      PADDLE_ENVIRONMENT: "sandbox",
      ...variables,
    };
    const env = readEnv(all);
    const getSetupClient: Context["getSetupClient"] = async (processor) => {
      const key = processor === "stripe" ? env.stripe.secretKey : env.paddle.apiKey;
      return key === undefined ? undefined : setup[processor]();
    };
    const getSubscriptionList = async () => undefined;
    return {
      catalog,
      env,
      variables: all,
      gateway: gateway(),
      getSetupClient,
      getSubscriptionList,
      terminal,
      lines,
      notes,
    };
  }

  return { wire, contextOf, dashboard, setup };
}
