/** Every route of the build, with the status that each caller gets. A route without a line here fails the tests. */

export const CALLERS = ["visitor", "user", "other", "admin", "usageKey", "cronKey"] as const;
export type Caller = (typeof CALLERS)[number];

/**
 * Callers with a signed token that is no session. Every route gives them the answer for "visitor" (strangers.test.ts).
 */
export const STRANGERS = [
  "clerkTemplate",
  "clerkOtherInstance",
  "clerkOtherApp",
  "supabaseAnonymous",
  "supabaseOtherProject",
  "supabaseServiceRole",
] as const;
export type Stranger = (typeof STRANGERS)[number];

type Statuses = Readonly<Record<Caller, number>>;

export interface ApiRow {
  method: string;
  /** The request's path, with values for the route's parameters. */
  path?: string;
  body?: unknown;
  expects: Statuses;
  /** The status of a service with the usage key that also names a user; without it as for "usageKey". */
  named?: number;
  /** Sessions use it for themselves, and a service for the user whom it names. A session that names another user gets 403. */
  subject?: true;
  /** A fake processor's API: its errors have the processor's shape. */
  fake?: true;
}

/** A status for each caller, in the order of CALLERS. */
function by(visitor: number, user: number, other: number, admin: number, usageKey: number, cronKey: number): Statuses {
  return { visitor, user, other, admin, usageKey, cronKey };
}

/** For signed-in users, about themselves; a machine's key is no session. */
const own = (status: number) => by(401, status, status, status, 401, 401);
/** For a signed-in user, and for a service that names a user. `body` is accepted up to the check of the named user. */
const subject = (method: string, status: number, request: { path?: string; body?: unknown } = {}): ApiRow => ({
  method,
  ...request,
  expects: by(401, status, status, status, 400, 401),
  named: status,
  subject: true,
});
const same = (status: number) => by(status, status, status, status, status, status);
const admins = (status: number) => by(401, 404, 404, status, 401, 401);

const NO_CHECKOUT = "7b0e7d0c-6c1f-4a57-9d2f-2d8c4a1e6b11";

/**
 * {bot} is the chatbot of "user". A body that passes the check of the caller and is refused after it changes nothing.
 */
export const API: Readonly<Record<string, readonly ApiRow[]>> = {
  "/api/[...path]": ["GET", "POST", "PUT", "PATCH", "DELETE"].map((method) => ({
    method,
    path: "/api/nothing/here",
    expects: same(404),
  })),
  "/api/account": [{ method: "DELETE", expects: own(200) }],
  "/api/account/export": [{ method: "GET", expects: own(200) }],
  "/api/admin/audit": [{ method: "GET", expects: admins(200) }],
  "/api/admin/clock": [{ method: "POST", body: {}, expects: admins(400) }],
  "/api/admin/decisions": [{ method: "GET", path: "/api/admin/decisions?userId=admin", expects: admins(200) }],
  "/api/admin/events": [{ method: "GET", expects: admins(200) }],
  "/api/admin/events/[processor]/[id]": [
    { method: "GET", path: "/api/admin/events/stripe/evt_none", expects: admins(404) },
  ],
  "/api/admin/events/replay": [{ method: "POST", body: {}, expects: admins(400) }],
  "/api/admin/events/[processor]/[id]/replay": [
    { method: "POST", path: "/api/admin/events/stripe/evt_none/replay", expects: admins(404) },
  ],
  "/api/admin/events/[processor]/[id]/dismiss": [
    { method: "POST", path: "/api/admin/events/stripe/evt_none/dismiss", expects: admins(404) },
  ],
  "/api/admin/links": [
    // A service links customers; only an admin moves a subscription.
    { method: "POST", body: {}, expects: by(401, 404, 404, 400, 400, 401) },
    {
      method: "POST",
      body: { processor: "stripe", subscriptionId: "sub_none", userId: "matrix-user" },
      expects: by(401, 404, 404, 404, 403, 401),
    },
  ],
  "/api/admin/overrides": ["POST", "DELETE"].map((method) => ({ method, body: {}, expects: admins(400) })),
  "/api/admin/reconcile": [{ method: "POST", body: { unknown: true }, expects: admins(400) }],
  "/api/admin/sync": [{ method: "POST", body: { unknown: true }, expects: admins(400) }],
  "/api/auth/confirm": ["GET", "POST"].map((method) => ({ method, expects: same(404) })),
  "/api/auth/local": [
    { method: "POST", body: {}, expects: same(400), named: 200 },
    { method: "DELETE", expects: same(200) },
  ],
  "/api/auth/sign-in": [{ method: "POST", body: {}, expects: same(404) }],
  "/api/auth/sign-out": [{ method: "POST", expects: same(303) }],
  "/api/auth/sign-up": [{ method: "POST", body: {}, expects: same(404) }],
  "/api/chatbots": [
    { method: "GET", expects: own(200) },
    { method: "POST", body: { name: "" }, expects: own(400) },
  ],
  "/api/chatbots/[id]": [
    { method: "PATCH", path: "/api/chatbots/{bot}", body: { name: "Help" }, expects: by(401, 200, 404, 404, 401, 401) },
    { method: "DELETE", path: "/api/chatbots/{bot}", expects: by(401, 204, 404, 404, 401, 401) },
  ],
  "/api/chatbots/[id]/messages": [
    {
      method: "POST",
      path: "/api/chatbots/{bot}/messages",
      body: { text: "Hello" },
      expects: by(401, 200, 404, 404, 401, 401),
    },
  ],
  "/api/checkout": [
    { method: "POST", body: {}, expects: by(401, 400, 400, 400, 400, 401) },
    subject("POST", 400, { body: { product: "writer", plan: "free" } }),
  ],
  "/api/checkout/return": [
    { method: "POST", body: {}, expects: by(401, 400, 400, 400, 400, 401) },
    subject("POST", 404, { body: { checkout: NO_CHECKOUT } }),
  ],
  "/api/checkout/status": [
    { method: "GET", expects: by(401, 400, 400, 400, 400, 401) },
    subject("GET", 404, { path: `/api/checkout/status?checkout=${NO_CHECKOUT}` }),
  ],
  "/api/cron": [{ method: "GET", expects: by(401, 401, 401, 401, 401, 200) }],
  "/api/cron/[job]": [{ method: "GET", path: "/api/cron/retry", expects: by(401, 401, 401, 401, 401, 200) }],
  "/api/health": [{ method: "GET", expects: same(200) }],
  "/api/invoices": [subject("GET", 200)],
  "/api/invoices/[processor]/[id]": [subject("GET", 404, { path: "/api/invoices/stripe/in_none" })],
  "/api/metrics": [{ method: "GET", expects: same(200) }],
  "/api/notices": [{ method: "GET", expects: own(200) }],
  "/api/notices/[id]/dismiss": [{ method: "POST", path: "/api/notices/0/dismiss", expects: own(404) }],
  "/api/portal": [subject("POST", 404, { body: {} })],
  "/api/sandbox/clock": [{ method: "POST", body: {}, expects: own(400) }],
  // The fake processors' own pages and API are open to every caller with the address, like the processors' own.
  "/api/sandbox/paddle/checkout/[transaction]": [
    { method: "POST", path: "/api/sandbox/paddle/checkout/txn_none", expects: same(400) },
  ],
  "/api/sandbox/paddle/invoice/[id]/pdf": [
    { method: "GET", path: "/api/sandbox/paddle/invoice/txn_none/pdf", expects: same(404) },
  ],
  "/api/sandbox/paddle/payment/[subscription]": [
    { method: "POST", path: "/api/sandbox/paddle/payment/sub_none", expects: same(400) },
  ],
  "/api/sandbox/paddle/portal/[id]": [
    { method: "POST", path: "/api/sandbox/paddle/portal/cpls_none", expects: same(400) },
  ],
  "/api/sandbox/paddle/transaction/[id]": [
    { method: "POST", path: "/api/sandbox/paddle/transaction/txn_none", expects: same(400) },
  ],
  "/api/sandbox/paddle/v1/[...path]": ["GET", "POST", "PATCH"].map(
    (method): ApiRow => ({
      method,
      path: "/api/sandbox/paddle/v1/subscriptions/sub_none",
      // It accepts the SDK's key, and no key of ours.
      expects: by(401, 401, 401, 401, 403, 403),
      fake: true,
    }),
  ),
  "/api/sandbox/stripe/checkout/[id]": [
    { method: "POST", path: "/api/sandbox/stripe/checkout/cs_none", expects: same(400) },
  ],
  "/api/sandbox/stripe/invoice/[id]": [
    { method: "POST", path: "/api/sandbox/stripe/invoice/in_none", expects: same(400) },
  ],
  "/api/sandbox/stripe/invoice/[id]/pdf": [
    { method: "GET", path: "/api/sandbox/stripe/invoice/in_none/pdf", expects: same(404) },
  ],
  "/api/sandbox/stripe/portal/[id]": [
    { method: "POST", path: "/api/sandbox/stripe/portal/bps_none", expects: same(400) },
  ],
  "/api/subscription/cancel": [
    { method: "POST", body: {}, expects: by(401, 400, 400, 400, 400, 401) },
    subject("POST", 409, { body: { product: "writer" } }),
  ],
  "/api/subscription/change": [
    { method: "POST", body: {}, expects: by(401, 400, 400, 400, 400, 401) },
    subject("POST", 409, { body: { product: "writer", plan: "basic" } }),
  ],
  "/api/subscription/entitlements": [subject("GET", 200)],
  "/api/subscription/preview": [
    { method: "POST", body: {}, expects: by(401, 400, 400, 400, 400, 401) },
    subject("POST", 409, { body: { product: "writer", plan: "basic" } }),
  ],
  "/api/subscription/resume": [
    { method: "POST", body: {}, expects: by(401, 400, 400, 400, 400, 401) },
    subject("POST", 409, { body: { product: "writer" } }),
  ],
  "/api/subscription/usage": [subject("GET", 200)],
  "/api/test/check-functions": [{ method: "POST", expects: admins(200) }],
  "/api/test/webhook-simulation": [
    { method: "GET", expects: admins(200) },
    { method: "POST", body: {}, expects: admins(400) },
  ],
  "/api/usage/consume": [subject("POST", 200, { body: { field: "words_used" } })],
  "/api/usage/gauge": [
    {
      method: "POST",
      body: { userId: "another-user", field: "chatbots_count", set: 1 },
      expects: by(401, 403, 403, 403, 200, 401),
    },
  ],
  "/api/usage/history": [subject("GET", 200, { path: "/api/usage/history?field=words_used" })],
  "/api/usage/reserve": [
    {
      method: "POST",
      body: { userId: "another-user", field: "words_used", amount: 1, ttlSeconds: 1 },
      expects: by(401, 403, 403, 403, 200, 401),
    },
  ],
  "/api/usage/settle": [
    {
      method: "POST",
      body: { userId: "another-user", reservationId: "7b0e7d0c-6c1f-4a57-9d2f-2d8c4a1e6b11", amount: 1 },
      expects: by(401, 403, 403, 403, 404, 401),
    },
  ],
  "/api/usage/release": [
    {
      method: "POST",
      body: { userId: "another-user", field: "words_used" },
      expects: by(401, 403, 403, 403, 200, 401),
    },
  ],
  "/api/webhook/paddle": [{ method: "POST", body: {}, expects: same(400) }],
  "/api/webhook/stripe": [{ method: "POST", body: {}, expects: same(400) }],
  "/api/writer/transform": [{ method: "POST", body: {}, expects: own(400) }],
};

/**
 * The access to each page:
 * - "public": every caller gets it; /sign-up redirects.
 * - "user": a signed-in user gets it. A caller without a session is redirected to /sign-in, also by the kinds "step",
 *   "admin" and "thing".
 * - "step": one step of a purchase or a cancellation. The test sends no parameters, so the page redirects a signed-in
 *   user to the page before it.
 * - "admin": an admin gets it; every other signed-in user gets 404.
 * - "thing": the page of one event or one user, for admins. The sample does not exist, so an admin gets 404 too.
 * - "supabase": a page of Supabase Auth. The tests use another identity provider, so every caller gets 404.
 * - "hosted": a fake processor's page, which opens by an address with a secret id, or the page of Paddle's checkout. The
 *   tests have no such id and no client token of Paddle, so every caller gets 404.
 */
export const PAGES: Readonly<Record<string, "public" | "user" | "step" | "admin" | "thing" | "supabase" | "hosted">> = {
  "/": "public",
  "/account": "user",
  "/admin": "admin",
  "/admin/events": "admin",
  "/admin/events/[processor]/[id]": "thing",
  "/admin/simulation": "admin",
  "/admin/users": "admin",
  "/admin/users/[id]": "thing",
  "/billing": "user",
  "/billing/cancel": "step",
  "/billing/change": "step",
  "/billing/invoices": "user",
  "/checkout/paddle": "hosted",
  "/confirm": "supabase",
  "/pricing": "public",
  "/usage": "user",
  "/chatbots": "user",
  "/writer": "user",
  "/sandbox/paddle/checkout/[transaction]": "hosted",
  "/sandbox/paddle/payment/[subscription]": "hosted",
  "/sandbox/paddle/portal/[id]": "hosted",
  "/sandbox/paddle/transaction/[id]": "hosted",
  "/sandbox/stripe/checkout/[id]": "hosted",
  "/sandbox/stripe/invoice/[id]": "hosted",
  "/sandbox/stripe/portal/[id]": "hosted",
  "/sign-in": "public",
  "/sign-up": "public",
  "/sign-out": "public",
};

/** The values of a page's parameters. */
export const SAMPLES: Readonly<Record<string, string>> = {
  "/admin/events/[processor]/[id]": "/admin/events/stripe/evt_none",
  "/admin/users/[id]": "/admin/users/unknown-user",
};

/** Routes of Next itself, and files. */
export const OTHERS: readonly string[] = ["/_not-found", "/_global-error", "/icon.svg"];
