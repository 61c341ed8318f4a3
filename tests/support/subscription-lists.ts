/**
 * Lists of subscriptions at a fake Stripe and a fake Paddle, page by page, with the real SDKs. Unknown parameters are refused.
 * The sandbox lists the subscriptions of one customer only.
 */
import { createServer } from "node:http";
import Stripe from "stripe";
import { onTestFinished } from "vitest";
import { sales } from "@/lib/config/current-catalog";
import { paddleSubscriptions } from "@/lib/processors/paddle/list-subscriptions";
import { configuredPriceLists } from "@/lib/processors/price-lists";
import { stripeSubscriptions } from "@/lib/processors/stripe/list-subscriptions";
import { listen, stop } from "../fakes/listen";
import { item, subscription as paddleSubscription } from "./fake-paddle-api";
import { price, subscription as stripeSubscription } from "./fake-stripe-api";

export interface ListedFixture {
  id: string;
  customer: string;
  plan: string;
  /** Another price id than the plan's. */
  priceId?: string;
  /** Our server wrote it at Stripe; a browser may have written it at Paddle. */
  userId?: string;
  email?: string;
  canceled?: boolean;
  /** It began with a trial, which ended before the period. */
  hadTrial?: boolean;
}

const DAY_MS = 86_400_000;
export const PERIOD_START = Math.floor(Date.now() / 1000) * 1000 - 10 * DAY_MS;
const PERIOD_END = PERIOD_START + 30 * DAY_MS;
const TRIAL = { startsAt: PERIOD_START - 14 * DAY_MS, endsAt: PERIOD_START };

const seconds = (at: number) => at / 1000;
const iso = (at: number) => new Date(at).toISOString();

/** The list of a processor, and its requests. `state` may be replaced, as by a change at the processor. */
export function listOfStripe(state: { all: readonly ListedFixture[] }) {
  const requests: string[] = [];
  const fetchHttp = Stripe.createFetchHttpClient(async (input, init) => {
    const { pathname, searchParams } = new URL(String(input));
    requests.push(`${init?.method ?? "GET"} ${pathname}`);
    return Response.json(...stripeAnswer(pathname, searchParams, state.all));
  });
  const findPrice = configuredPriceLists("stripe").find;
  const list = stripeSubscriptions({ apiKey: "sk_test_1", findPrice, sales: sales(), httpClient: fetchHttp });
  return { list, requests };
}

function stripeAnswer(path: string, query: URLSearchParams, all: readonly ListedFixture[]): [object, ResponseInit?] {
  const [, id] = /^\/v1\/(?:subscriptions|customers)\/(\w+)$/.exec(path) ?? [];
  if (path.startsWith("/v1/customers/")) {
    const found = all.find(({ customer }) => customer === id);
    return [{ id, object: "customer", email: found?.email ?? null }];
  }
  if (id !== undefined) return [stripeObject(all.find((each) => each.id === id) as ListedFixture)];
  const known = /^(status|limit|starting_after|expand\[\d\])$/;
  const unknown = [...query.keys()].find((name) => !known.test(name));
  if (path !== "/v1/subscriptions" || unknown !== undefined || query.get("status") !== "all")
    return [
      { error: { type: "invalid_request_error", code: "parameter_unknown", message: `${path} ${unknown}` } },
      { status: 400 },
    ];
  const from = all.findIndex((each) => each.id === query.get("starting_after")) + 1;
  const to = from + Number(query.get("limit"));
  return [{ object: "list", data: all.slice(from, to).map(stripeObject), has_more: to < all.length, url: path }];
}

function stripeObject({ id, customer, plan, priceId, userId, canceled, hadTrial }: ListedFixture) {
  const listed = price(plan);
  return stripeSubscription(
    {},
    {
      id,
      customer,
      items: [{ id: `si_${id}`, price: priceId === undefined ? listed : { ...listed, id: priceId } }],
      created: seconds(hadTrial ? TRIAL.startsAt : PERIOD_START),
      periodStart: seconds(PERIOD_START),
      periodEnd: seconds(PERIOD_END),
      metadata: userId === undefined ? {} : { user_id: userId },
      ...(canceled && { status: "canceled", endedAt: seconds(PERIOD_START + DAY_MS) }),
      ...(hadTrial && { trialStart: seconds(TRIAL.startsAt), trialEnd: seconds(TRIAL.endsAt) }),
    },
  );
}

export async function listOfPaddle(state: { all: readonly ListedFixture[] }) {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    requests.push(`${request.method} ${url.pathname}`);
    const { status, body } = paddleAnswer(url, state.all);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  const baseUrl = `http://127.0.0.1:${await listen(server)}`;
  onTestFinished(() => stop(server));
  const findPrice = configuredPriceLists("paddle").find;
  const list = paddleSubscriptions({ apiKey: "pdl_sdbx_apikey_1", environment: "sandbox", baseUrl, findPrice });
  return { list, requests };
}

function paddleAnswer({ pathname, searchParams }: URL, all: readonly ListedFixture[]) {
  const meta = { request_id: "9f2c1d1e-27f9-4a51-9f0b-4a6f3f1c2b3a" };
  const [, kind, id] = /^\/(\w+)(?:\/(\w+))?$/.exec(pathname) ?? [];
  if (kind === "customers") {
    const found = all.find(({ customer }) => customer === id);
    const dates = { created_at: iso(PERIOD_START), updated_at: iso(PERIOD_START) };
    const data = { id, status: "active", custom_data: null, name: null, email: found?.email ?? "", ...dates };
    return { status: 200, body: { data, meta } };
  }
  if (id !== undefined)
    return { status: 200, body: { data: paddleObject(all.find((each) => each.id === id) as ListedFixture), meta } };
  const unknown = [...searchParams.keys()].find((name) => !/^(per_page|order_by|after)$/.test(name));
  if (unknown !== undefined || kind !== "subscriptions")
    return {
      status: 400,
      body: { error: { type: "request_error", code: "invalid_field", detail: `${unknown}` }, meta },
    };
  const sorted = all.toSorted((one, other) => one.id.localeCompare(other.id));
  const from = sorted.findIndex((each) => each.id === searchParams.get("after")) + 1;
  const perPage = Number(searchParams.get("per_page"));
  const pagination = {
    per_page: perPage,
    next: "",
    has_more: from + perPage < all.length,
    estimated_total: all.length,
  };
  const data = sorted.slice(from, from + perPage).map(paddleObject);
  return { status: 200, body: { data, meta: { ...meta, pagination } } };
}

function paddleObject({ id, customer, plan, priceId, userId, canceled, hadTrial }: ListedFixture) {
  const dates = { starts_at: iso(TRIAL.startsAt), ends_at: iso(TRIAL.endsAt) };
  return paddleSubscription([item(priceId ?? `pri_mail_${plan}_monthly`, { trial_dates: hadTrial ? dates : null })], {
    id,
    customer_id: customer,
    custom_data: userId === undefined ? null : { user_id: userId },
    current_billing_period: canceled ? null : { starts_at: iso(PERIOD_START), ends_at: iso(PERIOD_END) },
    created_at: iso(PERIOD_START),
    updated_at: iso(PERIOD_START + DAY_MS),
    ...(canceled && { status: "canceled", canceled_at: iso(PERIOD_START + DAY_MS) }),
  });
}
