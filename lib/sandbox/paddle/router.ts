/** The fake API: a parsed request in, the answer out. Refusals are Paddle's error answers. */
import { randomBytes } from "node:crypto";
import type { z } from "zod";
import type { Command } from "../accounts";
import { runMerchant } from "../merchant";
import type { Sandbox } from "../sandbox";
import { type AccountState, newAccountState } from "./account-state";
import { adjustments } from "./api/adjustments";
import { customers } from "./api/customers";
import { discountQuery, listDiscounts, retrieveDiscount } from "./api/discounts";
import { type Endpoint, nothing, type Target } from "./api/endpoint";
import { subscriptions } from "./api/subscriptions";
import { transactions } from "./api/transactions";
import type { ApiAnswer, ApiRequest } from "./api-request";
import { listEvents } from "./events-list";
import { fakePaddle } from "./fake-paddle";
import { merchantCatalog } from "./merchant/catalog";
import { merchantSettings } from "./merchant/settings";
import { EMPTY, type MerchantEndpoint } from "./merchant/state";
import { pageOf } from "./page";
import { invalidFields, notFound, PaddleProblem } from "./problem";

const ENDPOINTS: readonly Endpoint[] = [...customers, ...transactions, ...subscriptions, ...adjustments];

const MERCHANT_ENDPOINTS: readonly MerchantEndpoint[] = [...merchantCatalog, ...merchantSettings];

/** Objects that belong to no account. */
const CATALOG: readonly CatalogEntry[] = [
  entry("/discounts", discountQuery, (params) => listDiscounts(params)),
  entry("/discounts/:id", nothing, (_, id) => retrieveDiscount(id)),
];

interface CatalogEntry {
  path: string;
  answer: (request: ApiRequest, id: string) => ApiAnswer;
}

function entry<Params extends object>(
  path: string,
  schema: z.ZodType<Params>,
  find: (params: Params, id: string) => object,
): CatalogEntry {
  return {
    path,
    answer(request, id) {
      const params = parsed(schema, request.params);
      const data = find(params, id);
      return Array.isArray(data) ? pageOf(data, params, request) : { status: 200, data };
    },
  };
}

/** @throws PaddleProblem if the request is refused */
export async function handle(request: ApiRequest, sandbox: Sandbox, site: string): Promise<ApiAnswer> {
  const { method, path } = request;
  if (method === "GET") {
    if (path === "/events") return listEvents(request, sandbox.gateway);
    for (const { path: pattern, answer } of CATALOG) {
      const id = match(pattern, path);
      if (id !== null) return answer(request, id);
    }
  }
  for (const endpoint of MERCHANT_ENDPOINTS) {
    const id = endpoint.method === method ? match(endpoint.path, path) : null;
    if (id !== null) return runMerchantEndpoint(endpoint, id, request, sandbox);
  }
  for (const endpoint of ENDPOINTS) {
    const id = endpoint.method === method ? match(endpoint.path, path) : null;
    if (id !== null) return runEndpoint(endpoint, id, request, sandbox, site);
  }
  throw new PaddleProblem(
    404,
    "invalid_url",
    `${method} ${path}: the sandbox supports the requests that Tollgate uses`,
  );
}

/** A request to our own account. */
async function runMerchantEndpoint(endpoint: MerchantEndpoint, id: string, request: ApiRequest, sandbox: Sandbox) {
  const params = parsed(endpoint.params, request.params);
  const { method, status = 200 } = endpoint;
  const result = await runMerchant(sandbox, {
    processor: "paddle",
    empty: EMPTY,
    reads: method === "GET",
    run: (state, now) => ({ status, body: endpoint.run(state, params, { id, now }) }),
  });
  if (result.outcome !== "answered") throw new Error("A request without a key is answered.");
  const { body } = result.reply;
  return Array.isArray(body) ? pageOf(body, params as object, request) : { status, data: body };
}

async function runEndpoint(endpoint: Endpoint, id: string, request: ApiRequest, sandbox: Sandbox, site: string) {
  const params = parsed(endpoint.params, request.params);
  const target = endpoint.of(params, id);
  if ("all" in target) return list(endpoint, params, target.all, request, sandbox);
  const { status = 200 } = endpoint;
  const commandResult = await sandbox.command<AccountState>(
    { of: accountOf(target, site), run: (step) => ({ status, body: endpoint.run(step, params, id) }) },
    fakePaddle,
  );
  if (commandResult.outcome === "answered") {
    const { body } = commandResult.reply;
    return Array.isArray(body) ? pageOf(body, {}, request) : { status, data: body };
  }
  throw notFound("object" in target ? target.object : id);
}

/** A list over several customers. */
async function list(
  endpoint: Endpoint,
  params: unknown,
  objects: readonly string[],
  request: ApiRequest,
  sandbox: Sandbox,
): Promise<ApiAnswer> {
  if (objects.length === 0) {
    throw invalidFields({ field: "customer_id", message: "the sandbox lists what belongs to a customer" });
  }
  const found = new Map<string, { id: string; created_at: string }>();
  for (const object of objects) {
    const commandResult = await sandbox.command<AccountState>(
      { of: { object }, run: (step) => ({ status: 200, body: endpoint.run(step, params, "") }) },
      fakePaddle,
    );
    if (commandResult.outcome !== "answered") continue;
    for (const each of commandResult.reply.body as { id: string; created_at: string }[]) found.set(each.id, each);
  }
  return pageOf([...found.values()], params as object, request);
}

/** A new account has its user before the first step, so that it begins on this user's clock. */
function accountOf(target: Exclude<Target, { all: unknown }>, site: string): Command<AccountState>["of"] {
  if ("object" in target) return target;
  const state = newAccountState(randomBytes(8).toString("hex"), site, target.new.userId);
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

function parsed<T>(schema: z.ZodType<T>, params: unknown): T {
  const read = schema.safeParse(params);
  if (read.success) return read.data;
  const problems = read.error.issues.flatMap((issue) => {
    const keys = issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
    const message = issue.code === "unrecognized_keys" ? "is not a field that the sandbox knows" : issue.message;
    return keys.map((path) => ({ field: fieldOf(path), message }));
  });
  throw invalidFields(...problems);
}

function fieldOf(path: readonly PropertyKey[]): string {
  return path
    .map((key, index) => (typeof key === "number" ? `[${key}]` : `${index > 0 ? "." : ""}${String(key)}`))
    .join("");
}
