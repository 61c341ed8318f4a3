/** The fake API: a parsed request in, the answer out. Refusals are Stripe's error answers. */
import { createHash, randomBytes } from "node:crypto";
import type { Command, Reply } from "../accounts";
import { runMerchant } from "../merchant";
import type { Sandbox } from "../sandbox";
import { type AccountState, newAccountState } from "./account-state";
import { listPromotionCodes, retrieveRedeemable } from "./api/catalog";
import { customers } from "./api/customers";
import { type Endpoint, Refused, type Target } from "./api/endpoint";
import { invoices } from "./api/invoices";
import { money } from "./api/money";
import { schedules } from "./api/schedules";
import { sessions } from "./api/sessions";
import { subscriptions } from "./api/subscriptions";
import { listEvents, retrieveEvent } from "./events-list";
import { expanded } from "./expand";
import { fakeStripe } from "./fake-stripe";
import type { Form } from "./form";
import { merchantCatalog } from "./merchant/catalog";
import { merchantSettings } from "./merchant/settings";
import { EMPTY, type MerchantEndpoint } from "./merchant/state";
import { parsed } from "./parameters";
import { invalid, missing, StripeProblem } from "./problem";

export interface ApiRequest {
  method: string;
  path: string;
  form: Form;
  idempotencyKey: string | null;
}

export interface ApiAnswer {
  status: number;
  body: unknown;
  /** By the account's clock; null if the request concerned no account. */
  now: number | null;
}

const ENDPOINTS: readonly Endpoint[] = [
  ...customers,
  ...sessions,
  ...subscriptions,
  ...schedules,
  ...invoices,
  ...money,
];

const MERCHANT_ENDPOINTS: readonly MerchantEndpoint[] = [...merchantCatalog, ...merchantSettings];

/** Objects that belong to no account. */
const CATALOG: readonly { path: string; answer: (form: Form, id: string, sandbox: Sandbox) => unknown }[] = [
  { path: "/v1/promotion_codes", answer: listPromotionCodes },
  { path: "/v1/promotion_codes/:id", answer: (_, id) => retrieveRedeemable("promotion code", id) },
  { path: "/v1/coupons/:id", answer: (_, id) => retrieveRedeemable("coupon", id) },
  { path: "/v1/events", answer: (form, _, { gateway }) => listEvents(form, gateway) },
  { path: "/v1/events/:id", answer: (_, id, { gateway }) => retrieveEvent(id, gateway) },
];

/** Answers one request; a refusal is an answer, too. */
export async function handle(request: ApiRequest, sandbox: Sandbox, site: string): Promise<ApiAnswer> {
  try {
    return await route(request, sandbox, site);
  } catch (error) {
    if (!(error instanceof StripeProblem)) throw error;
    return { status: error.status, body: { error: error.body }, now: null };
  }
}

async function route(request: ApiRequest, sandbox: Sandbox, site: string): Promise<ApiAnswer> {
  if (request.method === "GET") {
    for (const { path, answer } of CATALOG) {
      const id = match(path, request.path);
      if (id !== null) return { status: 200, body: await answer(request.form, id, sandbox), now: null };
    }
  }
  for (const endpoint of MERCHANT_ENDPOINTS) {
    const id = endpoint.method === request.method ? match(endpoint.path, request.path) : null;
    if (id !== null) return runMerchantEndpoint(endpoint, id, request, sandbox);
  }
  for (const endpoint of ENDPOINTS) {
    const id = endpoint.method === request.method ? match(endpoint.path, request.path) : null;
    if (id !== null) return runEndpoint(endpoint, id, request, sandbox, site);
  }
  const message = `Unrecognized request URL (${request.method}: ${request.path}). The sandbox supports the requests that Tollgate uses.`;
  throw new StripeProblem(404, { type: "invalid_request_error", message });
}

/** A request to our own account. */
async function runMerchantEndpoint(
  endpoint: MerchantEndpoint,
  id: string,
  request: ApiRequest,
  sandbox: Sandbox,
): Promise<ApiAnswer> {
  const params = parsed(endpoint.params, request.form);
  const result = await runMerchant(sandbox, {
    processor: "stripe",
    empty: EMPTY,
    reads: endpoint.method === "GET",
    once: once(request),
    refusal: rememberedRefusal,
    run: (state, now) => ({ status: 200, body: endpoint.run(state, params, { id, now: Math.floor(now / 1000) }) }),
  });
  if (result.outcome === "answered") return { ...result.reply, now: null };
  throw keyReused(request);
}

function keyReused({ idempotencyKey }: ApiRequest): StripeProblem {
  const message = `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${idempotencyKey}' if you meant to execute a different request.`;
  return new StripeProblem(400, { type: "idempotency_error", message });
}

async function runEndpoint(
  endpoint: Endpoint,
  id: string,
  request: ApiRequest,
  sandbox: Sandbox,
  site: string,
): Promise<ApiAnswer> {
  const { expand, ...form } = request.form;
  const params = parsed(endpoint.params, form);
  const paths = expandPaths(expand);
  const target = endpoint.of(params, id);
  let now: number | null = null;
  const commandResult = await sandbox.command<AccountState>(
    {
      of: accountOf(target, params, site),
      once: once(request),
      run: (step) => {
        now = step.now;
        const answer = endpoint.run(step, params, id);
        if (answer instanceof Refused) return answer.reply;
        return { status: 200, body: expanded(step.state, answer, paths) };
      },
      refusal: rememberedRefusal,
    },
    fakeStripe,
  );
  if (commandResult.outcome === "answered") return { ...commandResult.reply, now };
  if (commandResult.outcome === "key_reused") throw keyReused(request);
  if ("new" in target) throw new Error("A new account is never unknown.");
  throw missing(target.kind, target.object, target.param, target.param === "id" ? 404 : 400);
}

/** Stripe stores a refusal under the key, except for wrong parameters, which the caller can correct. */
function rememberedRefusal(error: unknown): Reply | null {
  if (!(error instanceof StripeProblem) || error.body.code?.startsWith("parameter_")) return null;
  return { status: error.status, body: { error: error.body } };
}

/** A new account has its user before the first step, so that it begins on this user's clock. */
function accountOf(target: Target, params: unknown, site: string): Command<AccountState>["of"] {
  if (!("new" in target)) return { object: target.object };
  const {
    metadata = {},
    client_reference_id,
    subscription_data,
  } = params as {
    metadata?: Record<string, string>;
    client_reference_id?: string;
    subscription_data?: { metadata?: Record<string, string> };
  };
  const user = subscription_data?.metadata?.user_id ?? metadata.user_id ?? client_reference_id;
  const state = newAccountState(randomBytes(8).toString("hex"), site, user || null);
  return { account: state.customer.id, state };
}

/** The `:id` of a matching path, empty if the pattern has none; null if the path does not match. */
function match(pattern: string, path: string): string | null {
  const [wanted, given] = [pattern.split("/"), path.split("/")];
  if (wanted.length !== given.length) return null;
  let id = "";
  for (const [index, part] of wanted.entries()) {
    const segment = given[index] as string;
    if (part === ":id") id = decodeURIComponent(segment);
    else if (part !== segment) return null;
  }
  return pattern.includes(":id") && id === "" ? null : id;
}

function expandPaths(expand: Form[string] | undefined): string[] {
  if (expand === undefined) return [];
  if (Array.isArray(expand) && expand.every((path) => typeof path === "string")) return expand as string[];
  throw invalid("Invalid array", "expand");
}

function once({ method, path, form, idempotencyKey }: ApiRequest) {
  if (method !== "POST" || idempotencyKey === null) return undefined;
  const fingerprint = createHash("sha256")
    .update(`${method} ${path} ${JSON.stringify(form)}`)
    .digest("hex");
  return { key: idempotencyKey, fingerprint };
}
