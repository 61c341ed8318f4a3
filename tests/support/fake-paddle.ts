/**
 * The sandbox's Paddle for a database test. The real SDK is on one side, over HTTP on loopback; the real verification
 * and fold are on the other.
 */
import { createServer } from "node:http";
import { type Environment, Paddle } from "@paddle/paddle-node-sdk";
import { afterAll, beforeAll } from "vitest";
import type { Processor } from "@/lib/billing/types";
import { priceLists, sales } from "@/lib/config/current-catalog";
import type { Gateway } from "@/lib/database";
import { carryOutScheduledChanges } from "@/lib/jobs/changes";
import { paddle as paddleSource } from "@/lib/processors/paddle";
import { paddleClient } from "@/lib/processors/paddle/client";
import type { ProcessorConnection } from "@/lib/processors/registry";
import { stripe as stripeSource } from "@/lib/processors/stripe";
import { stripeClient } from "@/lib/processors/stripe/client";
import type { FakeProcessor } from "@/lib/sandbox/fake-processor";
import { answerApi, type Connection, fakePaddle, withFakeCheckout } from "@/lib/sandbox/paddle";
import type { Payment } from "@/lib/sandbox/paddle/checkout";
import * as hosted from "@/lib/sandbox/paddle/hosted";
import { createSandbox } from "@/lib/sandbox/sandbox";
import { fakeStripe, httpClientOver } from "@/lib/sandbox/stripe";
import type { PurchaseContext } from "@/lib/subscriptions/purchase-context";
import { receive } from "@/lib/webhooks/receive";
import { listen, stop } from "../fakes/listen";

const SECRET = "pdl_ntfset_played";
const SITE = "http://localhost:3000";

export interface DeliveredEvent {
  type: string;
  occurredAt: string;
  data: Record<string, unknown> & { id: string; status: string };
  outcome: unknown;
}

export function createFakePaddle(gateway: Gateway) {
  const findPrice = (of: Processor) => priceLists(of, {}, { sandbox: true }).find;
  const endpoints = {
    paddle: { source: paddleSource, secrets: [SECRET], findPrice: findPrice("paddle"), livemode: false },
    stripe: { source: stripeSource, secrets: [SECRET], findPrice: findPrice("stripe"), livemode: false },
  };
  const delivered: DeliveredEvent[] = [];
  const sandbox = createSandbox({
    gateway,
    processors: [fakePaddle as FakeProcessor, fakeStripe as FakeProcessor],
    secret: () => SECRET,
    send: async (processor, raw, [, signature]) => {
      const { status, body } = await receive({ raw, signature }, endpoints[processor], gateway);
      const { event_type: type, occurred_at: occurredAt, data } = JSON.parse(Buffer.from(raw).toString());
      if (processor === "paddle") delivered.push({ type, occurredAt, data, outcome: body.outcome });
      return status;
    },
    runJobs: () => carryOutScheduledChanges(gateway, getProcessor),
  });

  const connection: Connection = { base: "", apiKey: "pdl_sdbx_apikey_test", site: SITE };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = "GET", headers, url } = request;
    const body = method === "GET" ? null : Buffer.concat(chunks);
    const asked = new Request(new URL(url ?? "/", connection.base), {
      method,
      headers: headers as Record<string, string>,
      body,
    });
    const answer = await answerApi(asked, sandbox, connection).catch((error) => {
      console.error(error);
      return new Response("{}", { status: 500 });
    });
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(Buffer.from(await answer.arrayBuffer()));
  });
  beforeAll(async () => {
    connection.base = `http://127.0.0.1:${await listen(server)}/v1`;
  });
  afterAll(() => stop(server));

  /** The SDK as our client makes it. */
  const sdk = (apiKey = connection.apiKey, customHeaders = {}) =>
    new Paddle(apiKey, { environment: connection.base as Environment, customHeaders });

  async function getProcessor(of: Processor): Promise<ProcessorConnection> {
    const { find, sold } = priceLists(of, {}, { sandbox: true });
    if (of === "stripe") {
      const httpClient = httpClientOver(() => sandbox);
      return {
        client: stripeClient({ apiKey: "sk_test_played", sales: sales(), findPrice: find, httpClient }),
        sold,
        sells: true,
      };
    }
    const { base: baseUrl, apiKey } = connection;
    const client = paddleClient({ apiKey, environment: "sandbox", baseUrl, findPrice: find });
    return { client: withFakeCheckout(client, SITE), sold, sells: true };
  }
  const context: PurchaseContext = { gateway, appUrl: SITE, getProcessor };

  const form = (payment: Partial<Payment>): Payment => ({
    card: "4242",
    email: "ada@example.com",
    name: "Ada",
    confirmed: false,
    ...payment,
  });
  const pay = async (transaction: string, payment: Partial<Payment> = {}) => {
    const paid = await hosted.pay(sandbox, transaction, form(payment));
    await sandbox.idle();
    return paid;
  };
  const changeCard = async (subscription: string, payment: Partial<Payment> = {}) => {
    const paid = await hosted.changeCard(sandbox, subscription, form(payment));
    await sandbox.idle();
    return paid;
  };
  return { sandbox, sdk, connection, context, delivered, pay, changeCard, hosted };
}
