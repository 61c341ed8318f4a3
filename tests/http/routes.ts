/** Every route of the build with who may do what: a route without a line here fails the tests. */

export const CALLERS = ["nobody", "user", "other", "admin", "usageKey", "cronKey"] as const;
export type Caller = (typeof CALLERS)[number];

type Statuses = Readonly<Record<Caller, number>>;

export interface ApiRow {
  method: string;
  /** What stands for the route's parameters. */
  path?: string;
  body?: unknown;
  expects: Statuses;
}

/** A status for each caller, in the order of CALLERS. */
function by(nobody: number, user: number, other: number, admin: number, usageKey: number, cronKey: number): Statuses {
  return { nobody, user, other, admin, usageKey, cronKey };
}

/** For whoever is signed in, about themselves; a machine's key is no session. */
const own = (status: number) => by(401, status, status, status, 401, 401);
const same = (status: number) => by(status, status, status, status, status, status);
const admins = (status: number) => by(401, 404, 404, status, 401, 401);

/** {bot} is the chatbot of "user"; bodies that pass the door and are refused behind it change nothing. */
export const API: Readonly<Record<string, readonly ApiRow[]>> = {
  "/api/[...path]": ["GET", "POST", "PUT", "PATCH", "DELETE"].map((method) => ({
    method,
    path: "/api/nothing/here",
    expects: same(404),
  })),
  "/api/account": [{ method: "DELETE", expects: own(200) }],
  "/api/account/export": [{ method: "GET", expects: own(200) }],
  "/api/admin/clock": [{ method: "POST", body: {}, expects: admins(400) }],
  "/api/admin/events/[processor]/[id]/replay": [
    { method: "POST", path: "/api/admin/events/stripe/evt_none/replay", expects: admins(404) },
  ],
  "/api/admin/links": [{ method: "POST", body: {}, expects: admins(400) }],
  "/api/auth/confirm": [{ method: "GET", expects: same(404) }],
  "/api/auth/local": [
    { method: "POST", body: {}, expects: same(400) },
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
  "/api/checkout": [{ method: "POST", body: {}, expects: own(400) }],
  "/api/checkout/return": [{ method: "POST", body: {}, expects: own(400) }],
  "/api/checkout/status": [{ method: "GET", expects: own(400) }],
  "/api/cron/[job]": [{ method: "GET", path: "/api/cron/retry", expects: by(401, 401, 401, 401, 401, 200) }],
  "/api/health": [{ method: "GET", expects: same(200) }],
  "/api/invoices": [{ method: "GET", expects: own(200) }],
  "/api/invoices/[processor]/[id]": [{ method: "GET", path: "/api/invoices/stripe/in_none", expects: own(404) }],
  "/api/portal": [{ method: "POST", body: {}, expects: own(400) }],
  "/api/sandbox/clock": [{ method: "POST", body: {}, expects: own(400) }],
  // The played processors' own pages and API, for whoever has the address, as theirs are.
  "/api/sandbox/paddle/checkout/[transaction]": [
    { method: "POST", path: "/api/sandbox/paddle/checkout/txn_none", body: {}, expects: same(400) },
  ],
  "/api/sandbox/paddle/invoice/[id]/pdf": [
    { method: "GET", path: "/api/sandbox/paddle/invoice/txn_none/pdf", expects: same(404) },
  ],
  "/api/sandbox/paddle/payment/[subscription]": [
    { method: "POST", path: "/api/sandbox/paddle/payment/sub_none", body: {}, expects: same(400) },
  ],
  "/api/sandbox/paddle/portal/[id]": [
    { method: "POST", path: "/api/sandbox/paddle/portal/cpls_none", body: {}, expects: same(400) },
  ],
  "/api/sandbox/paddle/v1/[...path]": ["GET", "POST", "PATCH"].map((method) => ({
    method,
    path: "/api/sandbox/paddle/v1/subscriptions/sub_none",
    expects: same(403),
  })),
  "/api/sandbox/stripe/checkout/[id]": [
    { method: "POST", path: "/api/sandbox/stripe/checkout/cs_none", body: {}, expects: same(400) },
  ],
  "/api/sandbox/stripe/invoice/[id]": [
    { method: "POST", path: "/api/sandbox/stripe/invoice/in_none", body: {}, expects: same(400) },
  ],
  "/api/sandbox/stripe/invoice/[id]/pdf": [
    { method: "GET", path: "/api/sandbox/stripe/invoice/in_none/pdf", expects: same(404) },
  ],
  "/api/sandbox/stripe/portal/[id]": [
    { method: "POST", path: "/api/sandbox/stripe/portal/bps_none", body: {}, expects: same(400) },
  ],
  "/api/subscription/cancel": [{ method: "POST", body: {}, expects: own(400) }],
  "/api/subscription/change": [{ method: "POST", body: {}, expects: own(400) }],
  "/api/subscription/preview": [{ method: "POST", body: {}, expects: own(400) }],
  "/api/subscription/resume": [{ method: "POST", body: {}, expects: own(400) }],
  "/api/subscription/usage": [{ method: "GET", expects: own(200) }],
  "/api/usage/consume": [{ method: "POST", body: { field: "words_used" }, expects: by(401, 200, 200, 200, 400, 401) }],
  "/api/usage/history": [{ method: "GET", path: "/api/usage/history?field=words_used", expects: own(200) }],
  "/api/usage/reserve": [
    {
      method: "POST",
      body: { userId: "nobody-else", field: "words_used", amount: 1, ttlSeconds: 1 },
      expects: by(401, 403, 403, 403, 200, 401),
    },
  ],
  "/api/usage/settle": [
    {
      method: "POST",
      body: { userId: "nobody-else", reservationId: "7b0e7d0c-6c1f-4a57-9d2f-2d8c4a1e6b11", amount: 1 },
      expects: by(401, 403, 403, 403, 404, 401),
    },
  ],
  "/api/usage/release": [
    { method: "POST", body: { userId: "nobody-else", field: "words_used" }, expects: by(401, 403, 403, 403, 200, 401) },
  ],
  "/api/webhook/paddle": [{ method: "POST", body: {}, expects: same(400) }],
  "/api/webhook/stripe": [{ method: "POST", body: {}, expects: same(400) }],
  "/api/writer/transform": [{ method: "POST", body: {}, expects: own(400) }],
};

/** "user": whoever is signed in; others are sent to the way in. "admin": to everybody else there is nothing there. */
export const PAGES: Readonly<Record<string, "public" | "user" | "admin">> = {
  "/": "public",
  "/account": "user",
  "/billing": "user",
  "/billing/cancel": "user",
  "/billing/change": "user",
  "/billing/invoices": "user",
  "/pricing": "public",
  "/usage": "user",
  "/chatbots": "user",
  "/writer": "user",
  "/sign-in": "public",
  "/sign-up": "public",
  "/sign-out": "public",
};

/** Made by Next itself, or files. */
export const OTHERS: readonly string[] = ["/_not-found", "/_global-error", "/icon.svg"];
