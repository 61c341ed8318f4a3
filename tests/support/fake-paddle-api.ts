/** The used part of Paddle's API, played on loopback for the client's tests: real shapes, and every request recorded. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { onTestFinished } from "vitest";
import { priceLists } from "@/lib/config/current-catalog";
import { paddleClient } from "@/lib/processors/paddle/client";
import type { ProcessorClient } from "@/lib/processors/processor-client";
import { listen, stop } from "../fakes/listen";

export interface Recorded {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: IncomingMessage["headers"];
  body: unknown;
}

/** `data` is answered with 200, `error` with its status, `raw` as it is; `silence` is no answer at all. */
export type Answer =
  | { data: unknown; meta?: unknown }
  | { status: number; error: { type: string; code: string; detail: string } }
  | { status: number; raw: string }
  | "silence"
  | "hang up";

export const API_KEY = "pdl_sdbx_apikey_01test_secret";

/** A busy machine must not make an answer late. */
const PATIENT_MS = 120_000;

/** Answers the requests in their order, and with `not_found` when there are more. */
export async function fakeApi(...answers: Answer[]): Promise<{ client: ProcessorClient; requests: Recorded[] }> {
  const requests: Recorded[] = [];
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    let text = "";
    for await (const chunk of request) text += chunk;
    const answer = answers[requests.length] ?? refusal(404, "not_found");
    requests.push({
      method: request.method ?? "",
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: request.headers,
      body: text === "" ? null : JSON.parse(text),
    });
    send(answer, response);
  });
  const port = await listen(server);
  onTestFinished(() => stop(server));
  const baseUrl = `http://127.0.0.1:${port}`;
  return { client: clientAt(baseUrl, answers.includes("silence") ? { timeoutMs: 50 } : {}), requests };
}

export function clientAt(baseUrl: string, { apiKey = API_KEY, timeoutMs = PATIENT_MS } = {}): ProcessorClient {
  const findPrice = priceLists("paddle", {}, { sandbox: true }).find;
  return paddleClient({ apiKey, environment: "sandbox", baseUrl, findPrice, timeoutMs });
}

export function refusal(status: number, code: string, detail = "refused"): Answer {
  const type = status === 429 || status >= 500 ? "api_error" : "request_error";
  return { status, error: { type, code, detail } };
}

function send(answer: Answer, response: ServerResponse): void {
  if (answer === "silence") return;
  if (answer === "hang up") {
    response.destroy();
    return;
  }
  const meta = { request_id: "9f2c1d1e-27f9-4a51-9f0b-4a6f3f1c2b3a" };
  response.setHeader("content-type", "application/json");
  if ("raw" in answer) response.writeHead(answer.status).end(answer.raw);
  else if ("error" in answer) response.writeHead(answer.status).end(JSON.stringify({ error: answer.error, meta }));
  else response.end(JSON.stringify({ data: answer.data, meta: { ...meta, ...(answer.meta ?? {}) } }));
}

export function totals(total: string, over: object = {}) {
  const sums = { subtotal: total, tax: "0", discount: "0", total, fee: null, earnings: null, currency_code: "USD" };
  return { ...sums, credit: "0", credit_to_balance: "0", balance: total, grand_total: total, ...over };
}

function price(id: string) {
  return {
    id,
    product_id: "pro_01h7zcgmdc6tmwtjehp3sh7azf",
    description: "Monthly",
    type: "standard",
    name: "Monthly",
    billing_cycle: { interval: "month", frequency: 1 },
    trial_period: null,
    tax_mode: "account_setting",
    unit_price: { amount: "1999", currency_code: "USD" },
    unit_price_overrides: [],
    quantity: { minimum: 1, maximum: 999 },
    status: "active",
    created_at: "2026-01-01T08:00:00.1Z",
    updated_at: "2026-01-01T08:00:00.1Z",
    custom_data: null,
  };
}

export function item(priceId: string, over: object = {}) {
  return {
    status: "active",
    quantity: 1,
    recurring: true,
    created_at: "2026-11-01T10:00:00.123456Z",
    updated_at: "2026-11-01T10:00:00.123456Z",
    previously_billed_at: "2026-11-01T10:00:00.123456Z",
    next_billed_at: "2026-12-01T10:00:00.123456Z",
    trial_dates: null,
    price: price(priceId),
    product: { id: "pro_01h7zcgmdc6tmwtjehp3sh7azf", name: "Mail", tax_category: "saas", status: "active" },
    ...over,
  };
}

export const SUBSCRIPTION = "sub_01h04vsc0qhwtsbsxh3422wjs4";
export const CUSTOMER = "ctm_01h04vsbe7bpjdzdd3vp9b3xqr";

export function subscription(items: object[], over: object = {}) {
  return {
    id: SUBSCRIPTION,
    status: "active",
    customer_id: CUSTOMER,
    address_id: "add_01h04vsc0qhwtsbsxh3422wjs4",
    business_id: null,
    currency_code: "USD",
    created_at: "2026-11-01T10:00:00.5Z",
    updated_at: "2026-11-01T10:00:00.5Z",
    started_at: "2026-11-01T10:00:00.123456Z",
    first_billed_at: "2026-11-01T10:00:00.123456Z",
    next_billed_at: "2026-12-01T10:00:00.123456Z",
    paused_at: null,
    canceled_at: null,
    discount: null,
    collection_mode: "automatic",
    billing_details: null,
    current_billing_period: { starts_at: "2026-11-01T10:00:00.123456Z", ends_at: "2026-12-01T10:00:00.123456Z" },
    billing_cycle: { interval: "month", frequency: 1 },
    scheduled_change: null,
    management_urls: { update_payment_method: null, cancel: "https://buyer-portal.paddle.com/cancel" },
    items,
    custom_data: null,
    import_meta: null,
    ...over,
  };
}

/** `total` is the total of one transaction of a preview; `credit` is the part that the customer's balance pays. */
export function previewed(total: string, startsAt: string, over: object = {}) {
  return {
    billing_period: { starts_at: startsAt, ends_at: "2027-01-01T10:00:00.123456Z" },
    details: { tax_rates_used: [], totals: totals(total, over), line_items: [] },
    adjustments: [],
  };
}

export function transaction(id: string, over: object = {}) {
  return {
    id,
    status: "completed",
    customer_id: CUSTOMER,
    address_id: null,
    business_id: null,
    custom_data: null,
    currency_code: "USD",
    origin: "subscription_recurring",
    subscription_id: SUBSCRIPTION,
    invoice_id: "inv_01h8bkrfe7w1vwf8xmytwn51e7",
    invoice_number: "123-45678",
    collection_mode: "automatic",
    discount_id: null,
    billing_details: null,
    billing_period: null,
    items: [{ price: price("pri_mail_silver_monthly"), quantity: 1, proration: null }],
    details: { tax_rates_used: [], totals: totals("1999"), line_items: [] },
    payments: [],
    checkout: { url: `https://app.example/checkout/paddle?_ptxn=${id}` },
    created_at: "2026-11-01T10:00:00.9Z",
    updated_at: "2026-11-01T10:00:05Z",
    billed_at: "2026-11-01T10:00:01.123999Z",
    revised_at: null,
    ...over,
  };
}
