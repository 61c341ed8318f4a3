/** The used part of Stripe's API, played on loopback for the client's tests: real shapes, and every request recorded. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { onTestFinished } from "vitest";
import type { Price, Sales } from "@/lib/config/catalog";
import { priceLists } from "@/lib/config/current-catalog";
import type { ProcessorClient } from "@/lib/processors/processor-client";
import { stripeClient } from "@/lib/processors/stripe/client";
import {
  planPrice,
  type StripeObject,
  type SubscriptionSpec,
  subscriptionObject,
} from "@/lib/sandbox/event-builders/stripe/events";
import { listen, stop } from "../fakes/listen";

export interface Recorded {
  /** `POST /v1/customers` */
  request: string;
  headers: IncomingMessage["headers"];
  /** The form's fields by their bracketed names, or the query's. */
  fields: Record<string, string>;
}

/** An object is answered with 200; `silence` is no answer at all. */
export type Answer =
  | StripeObject
  | { status: number; error: Record<string, unknown> }
  | { status: number; raw: string }
  | "silence"
  | "hang up";

export const API_KEY = "sk_test_tollgate_secret";

/** A busy machine must not make an answer late. */
const PATIENT_MS = 120_000;

/** Answers the requests in their order, and with `resource_missing` when there are more. */
export function fakeApi(...answers: Answer[]): Promise<{ client: ProcessorClient; requests: Recorded[] }> {
  return fakeApiWithSales(undefined, ...answers);
}

/** The same for a deployment that sells in its own way. */
export async function fakeApiWithSales(sales: Sales | undefined, ...answers: Answer[]) {
  const requests: Recorded[] = [];
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    let text = "";
    for await (const chunk of request) text += chunk;
    const answer = answers[requests.length] ?? refusal(404, "invalid_request_error", "resource_missing");
    const fields = request.method === "GET" ? url.searchParams : new URLSearchParams(text);
    requests.push({
      request: `${request.method} ${url.pathname}`,
      headers: request.headers,
      fields: Object.fromEntries(fields),
    });
    send(answer, response);
  });
  const port = await listen(server);
  onTestFinished(() => stop(server));
  return {
    client: clientAt(port, { ...(sales && { sales }), ...(answers.includes("silence") && { timeoutMs: 50 }) }),
    requests,
  };
}

const PLAIN: Sales = { automaticTax: false, taxIds: false, promotionCodes: true };

interface ClientOptions {
  apiKey?: string;
  timeoutMs?: number;
  sales?: Sales;
}

export function clientAt(
  port: number,
  { apiKey = API_KEY, timeoutMs = PATIENT_MS, sales = PLAIN }: ClientOptions = {},
): ProcessorClient {
  const findPrice = priceLists("stripe", {}, { sandbox: true }).find;
  const address = { protocol: "http", host: "127.0.0.1", port } as const;
  return stripeClient({ apiKey, findPrice, timeoutMs, sales, address });
}

export function refusal(status: number, type: string, code?: string, message = "refused"): Answer {
  return { status, error: { type, message, ...(code === undefined ? {} : { code }) } };
}

/** By Stripe's clock, ten seconds behind a full minute. */
export const ANSWERED = "Fri, 20 Nov 2026 12:00:50 GMT";
export const ANSWERED_AT = Date.parse(ANSWERED);

function send(answer: Answer, response: ServerResponse): void {
  if (answer === "silence") return;
  if (answer === "hang up") {
    response.destroy();
    return;
  }
  response.setHeader("date", ANSWERED);
  response.setHeader("request-id", "req_test");
  // Without this header the SDK retries.
  response.setHeader("stripe-should-retry", "false");
  if ("raw" in answer && "status" in answer) response.writeHead(answer.status as number).end(answer.raw);
  else if ("error" in answer && "status" in answer)
    response
      .writeHead(answer.status as number, { "content-type": "application/json" })
      .end(JSON.stringify({ error: answer.error }));
  else response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
}

export const SUBSCRIPTION = "sub_1TollgateSilver";
export const CUSTOMER = "cus_Tollgate1";
export const STARTED = Date.parse("2026-11-01T10:00:00Z") / 1000;
export const RENEWS = Date.parse("2026-12-01T10:00:00Z") / 1000;

export const price = (plan: string, interval: Price["interval"] = "monthly", product: Price["product"] = "mail") =>
  planPrice({ product, plan, interval });

/** A subscription of Mail Silver, in its first month; `over` replaces fields of the object itself. */
export function subscription(over: StripeObject = {}, spec: Partial<SubscriptionSpec> = {}): StripeObject {
  const object = subscriptionObject(
    {
      id: SUBSCRIPTION,
      customer: CUSTOMER,
      items: [{ id: "si_silver", price: price("silver") }],
      created: STARTED,
      periodStart: STARTED,
      periodEnd: RENEWS,
      latestInvoice: "in_first",
      metadata: { user_id: "user_1" },
      ...spec,
    },
    "basil",
  );
  return { ...object, ...over };
}

export function invoice(over: StripeObject = {}): StripeObject {
  return {
    id: "in_1",
    object: "invoice",
    number: "A-0001",
    created: STARTED,
    currency: "usd",
    total: 1_999,
    amount_due: 1_999,
    amount_paid: 1_999,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null, provider: null, status: null },
    customer: CUSTOMER,
    discounts: [],
    post_payment_credit_notes_amount: 0,
    total_discount_amounts: [],
    total_taxes: [],
    status: "paid",
    status_transitions: { finalized_at: STARTED + 1 },
    hosted_invoice_url: "https://invoice.stripe.example/i/1",
    invoice_pdf: "https://invoice.stripe.example/i/1/pdf",
    lines: { object: "list", data: [{ id: "il_1", period: { start: STARTED, end: RENEWS } }], has_more: false },
    ...over,
  };
}
