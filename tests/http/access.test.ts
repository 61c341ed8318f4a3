/** Access over HTTP: every route of the build for every caller, and every other way to write its path. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { ROUTES } from "@/lib/routes";
import { SANDBOX_ROUTES } from "@/lib/sandbox/routes";
import { type AppRequest, appServer, SANDBOX, signedIn } from "@/tests/support/app-server";
import { testDatabase } from "@/tests/support/database";
import { FILE_FORMS, FORMS } from "./forms";
import { API, CALLERS, type Caller, OTHERS, PAGES, SAMPLES } from "./routes";

const database = testDatabase();
const USAGE_KEY = "usage-key-of-the-tests";
const CRON_KEY = "cron-key-of-the-tests";
const app = appServer(() => ({
  ...SANDBOX,
  DATABASE_URL: database.url,
  USAGE_API_KEY: USAGE_KEY,
  CRON_SECRET: CRON_KEY,
}));

const headersOf: Record<Caller, Record<string, string>> = {
  visitor: {},
  user: {},
  other: {},
  admin: {},
  usageKey: { authorization: `Bearer ${USAGE_KEY}` },
  cronKey: { authorization: `Bearer ${CRON_KEY}` },
};

/** The path with the id of the chatbot of "user", which is created if it is missing. */
async function pathOf(template: string): Promise<string> {
  if (!template.includes("{bot}")) return template;
  const { json } = await app.send("/api/chatbots", { headers: headersOf.user });
  const [known] = (json as { chatbots: { id: string }[] }).chatbots;
  const id = known?.id ?? (await makeBot());
  return template.replace("{bot}", id);
}

async function makeBot(): Promise<string> {
  const made = await app.send("/api/chatbots", { method: "POST", headers: headersOf.user, body: { name: "Bot" } });
  return (made.json as { chatbot: { id: string } }).chatbot.id;
}

/** The request with a user's id: in the address of a GET, else in the body. */
function naming(userId: string, { method, path: rawPath, body }: { method: string; path: string; body?: unknown }) {
  if (method === "GET") return { path: `${rawPath}${rawPath.includes("?") ? "&" : "?"}userId=${userId}`, body };
  return { path: rawPath, body: { ...(body as object | undefined), userId } };
}

const signIn = (userId: string) => signedIn(app, userId);

beforeAll(async () => {
  headersOf.user = await signIn("matrix-user");
  headersOf.other = await signIn("matrix-other");
  headersOf.admin = await signIn("admin");
});

const manifest = (name: string) =>
  JSON.parse(readFileSync(path.join(process.cwd(), inject("distDir"), name), "utf8")) as Record<string, string>;

test("every route of the build and of the API's tables has a line in routes.ts", () => {
  const tables = [...ROUTES, ...SANDBOX_ROUTES].map((each) => `/api${each.path}`);
  const built = [...Object.values(manifest("app-path-routes-manifest.json")), ...tables];
  expect([...new Set(built)].sort()).toEqual([...Object.keys(API), ...Object.keys(PAGES), ...OTHERS].sort());
});

describe.each(Object.entries(API))("%s", (route, rows) => {
  const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];

  // Refusals come first, since a call of "user" can delete the thing.
  const callers = CALLERS.toSorted((a, b) => Number(a === "user") - Number(b === "user"));

  // The erasure is tested last, since it ends the sessions.
  test.each(rows.filter(() => route !== "/api/account"))(
    "$method",
    async ({ method, path: template = route, body, expects, fake }) => {
      for (const caller of callers) {
        const rawPath = await pathOf(template);
        const answer = await app.send(rawPath, { method, headers: headersOf[caller], body });
        expect(answer.status, `${caller}: ${answer.text.slice(0, 200)}`).toBe(expects[caller]);
        if (answer.status >= 400 && !fake)
          expect(answer.json, caller).toMatchObject({ error: expect.any(String), reason: expect.any(String) });
        expect(answer.headers["cache-control"], caller).toContain("no-store");
      }
    },
  );

  test.each(rows.filter(() => route !== "/api/account"))(
    "$method by a service that names a user",
    async ({ method, path: template = route, body, expects, named = expects.usageKey }) => {
      const request = naming("matrix-user", { method, path: await pathOf(template), body });
      const answer = await app.send(request.path, { method, headers: headersOf.usageKey, body: request.body });
      expect(answer.status, answer.text.slice(0, 200)).toBe(named);
    },
  );

  test.each(rows.filter(({ subject }) => subject))(
    "$method by a session that names another user is 403, and by one that names itself allowed",
    async ({ method, path: template = route, body, expects }) => {
      const path = await pathOf(template);
      for (const [headers, own, other] of [
        [headersOf.other, "matrix-other", "matrix-user"],
        [headersOf.admin, "admin", "matrix-user"],
      ] as const) {
        const refused = naming(other, { method, path, body });
        const answer = await app.send(refused.path, { method, headers, body: refused.body });
        expect(answer.status, answer.text.slice(0, 200)).toBe(403);
        expect(answer.json).toMatchObject({ reason: "another_user" });
        const allowed = naming(own, { method, path, body });
        expect((await app.send(allowed.path, { method, headers, body: allowed.body })).status).toBe(expects.other);
      }
    },
  );

  test("refuses other methods", async () => {
    const given = new Set(rows.map(({ method }) => method));
    const rawPath = await pathOf(rows[0]?.path ?? route);
    for (const method of METHODS.filter((each) => !given.has(each)))
      for (const caller of CALLERS)
        expect((await app.send(rawPath, { method, headers: headersOf[caller] })).status, `${method} ${caller}`).toBe(
          405,
        );
  });

  test.each(rows.filter(({ method, expects }) => method !== "GET" && expects.user < 300))(
    "refuses $method with our cookie from another site",
    async ({ method, path: template = route, body }) => {
      const headers = { ...headersOf.user, origin: "https://evil.example" };
      const answer = await app.send(await pathOf(template), { method, headers, body });
      expect(answer.status).toBe(403);
      expect(answer.json).toMatchObject({ reason: "foreign_origin" });
    },
  );
});

/** The redirect of a step without its parameters. */
const STEPS_BACK: Readonly<Record<string, string>> = { "/billing/cancel": "/billing", "/billing/change": "/pricing" };

describe.each(Object.entries(PAGES))("page %s", (route, access) => {
  test.each(CALLERS)("%s", async (caller) => {
    const { status, headers } = await app.send(SAMPLES[route] ?? route, {
      headers: { ...headersOf[caller], accept: "text/html" },
    });
    const signedIn = ["user", "other", "admin"].includes(caller);
    if (route === "/sign-up") return expect(status).toBe(307);
    if (access === "hosted" || access === "supabase" || (access === "thing" && signedIn))
      return expect(status).toBe(404);
    if (access === "step" && signedIn) return expect([status, headers.location]).toEqual([307, STEPS_BACK[route]]);
    if (access === "public" || (access === "user" && signedIn) || caller === "admin") return expect(status).toBe(200);
    if (signedIn) return expect(status).toBe(404);
    expect(status).toBe(307);
    expect(headers.location).toBe(`/sign-in?next=${encodeURIComponent(SAMPLES[route] ?? route)}`);
  });
});

describe("every other form of a path", () => {
  const pages = Object.entries(PAGES).filter(([, access]) => !["public", "supabase", "hosted"].includes(access));
  const reads = Object.entries(API).filter(([, rows]) =>
    rows.some((row) => row.method === "GET" && row.expects.visitor === 401),
  );
  const protectedPaths = [
    ...pages.map(([route]) => SAMPLES[route] ?? route),
    ...reads.map(([route]) => route.replace("[job]", "retry")),
  ];

  test.each(FORMS)("%s gives no data to a caller without a session", async (_, form, headers = {}) => {
    for (const route of protectedPaths) {
      const { status, text, location } = await follow(form(route), { headers });
      if (status === 200) {
        // A page that is requested in parts has the redirect in its body, or the followed redirect ended at a public page.
        const isPublic = location !== null && ["/sign-in", "/"].includes(new URL(location, app.url).pathname);
        expect(
          isPublic || text.includes("NEXT_REDIRECT") || isTree(text),
          `${form(route)}: ${text.slice(0, 300)}`,
        ).toBe(true);
      } else expect([307, 308, 400, 401, 403, 404, 405], form(route)).toContain(status);
      expect(text, form(route)).not.toMatch(/"userId":|Words left|remaining/);
    }
  });

  const eachCaller = () => [headersOf.visitor, headersOf.user, headersOf.admin];

  test("that names a built file is 404, with GET and HEAD, with and without a session", async () => {
    // Below /admin/users every name can be a user id.
    const pages = Object.keys(PAGES).filter((each) => !each.includes("[") && each !== "/admin/users");
    for (const route of [...pages, "/no-such-page"])
      for (const form of FILE_FORMS)
        for (const method of ["GET", "HEAD"])
          for (const headers of eachCaller()) {
            const rawPath = form(route === "/" ? "/index" : route);
            expect((await app.send(rawPath, { method, headers })).status, `${method} ${rawPath}`).toBe(404);
          }
  });

  test("that names a built file is a parameter for pages with one, and never a 500", async () => {
    for (const route of Object.keys(PAGES).filter((each) => each.includes("[")))
      for (const form of FILE_FORMS)
        for (const headers of eachCaller()) {
          const rawPath = form(SAMPLES[route] ?? route.replace(/\[\w+\]/g, "none"));
          expect((await app.send(rawPath, { headers })).status, rawPath).toBeLessThan(500);
        }
  });

  test("of Next's own error pages is 404", async () => {
    for (const rawPath of ["/_global-error", "/_not-found", "/_error", "/404", "/500"])
      for (const headers of eachCaller()) expect((await app.send(rawPath, { headers })).status, rawPath).toBe(404);
  });

  test("gives no data of another user to a signed-in user", async () => {
    for (const [, form, headers = {}] of FORMS) {
      const { text } = await follow(form("/api/subscription/usage"), { headers: { ...headers, ...headersOf.other } });
      expect(text).not.toContain("matrix-user");
    }
  });
});

/** The segments of a page, without their content. */
function isTree(text: string): boolean {
  return text.includes('"tree"') && !text.includes('"rsc"');
}

/** Follows our own redirects to a normalized path (308), as browsers do, and not the redirect to the sign-in. */
async function follow(rawPath: string, request: AppRequest) {
  let location: string | null = null;
  let answer = await app.send(rawPath, request);
  for (let hops = 0; answer.status === 308 && hops < 5; hops += 1) {
    location = answer.headers.location ?? "/";
    const { host, pathname, search } = new URL(location, app.url);
    if (host !== new URL(app.url).host) throw new Error(`sent to another host: ${location}`);
    answer = await app.send(pathname + search, request);
  }
  return { ...answer, location };
}

describe("a session is refused with", () => {
  test.each([
    ["a key with one wrong letter", USAGE_KEY.replace("k", "l")],
    ["a shorter key", USAGE_KEY.slice(0, -1)],
    ["a longer key", `${USAGE_KEY}x`],
    ["an empty key", ""],
    ["the cron key", CRON_KEY],
  ])("%s", async (_, key) => {
    const headers = { ...headersOf.user, authorization: `Bearer ${key}` };
    const answer = await app.send("/api/usage/consume", { method: "POST", headers, body: { field: "words_used" } });
    expect(answer.status).toBe(401);
  });

  test("a body with another user's id", async () => {
    const body = { field: "words_used", userId: "matrix-other" };
    const answer = await app.send("/api/usage/consume", { method: "POST", headers: headersOf.user, body });
    expect(answer.status).toBe(403);
  });
});

/** Routes for a service only. */
const SERVICE = /\/usage\/(gauge|release|reserve|settle)$/;

test("a body over the cap is 413 on every route that reads a body", async () => {
  const body = JSON.stringify({ field: "x".repeat(1024 * 1024) });
  // Deliveries without a well-formed signature are refused before their body is read.
  const signature = { "stripe-signature": `t=1,v1=${"0".repeat(64)}`, "paddle-signature": `ts=1;h1=${"0".repeat(64)}` };
  for (const [route, rows] of Object.entries(API))
    for (const row of rows.filter(({ body: sample, expects }) => sample !== undefined && expects.user !== 404)) {
      const caller: Caller = route.includes("admin") ? "admin" : SERVICE.test(route) ? "usageKey" : "other";
      const headers = { ...headersOf[caller], ...signature, "content-type": "application/json" };
      const rawPath = await pathOf(row.path ?? route);
      const { status } = await app.send(rawPath, { method: row.method, headers, body });
      expect([413, 404], `${row.method} ${route}`).toContain(status);
    }
});

describe("/api/account, tested last,", () => {
  test("signs an erased user out; a new sign-in has the same usage", async () => {
    const headers = await signIn("matrix-leaver");
    const consume = (amount: number, as: Record<string, string>) =>
      app.send("/api/usage/consume", { method: "POST", headers: as, body: { field: "messages_count", amount } });
    await consume(99, headers);
    const exported = await app.send("/api/account/export", { headers });
    expect(exported.json).toMatchObject({
      user_id: "matrix-leaver",
      ledger: [{ field: "messages_count", amount: 99 }],
    });
    expect(exported.headers["content-disposition"]).toContain("attachment");
    expect((await app.send("/api/account", { method: "DELETE" })).status).toBe(401);
    const erased = await app.send("/api/account", { method: "DELETE", headers });
    expect(erased.json).toEqual({ erased: true });
    expect(erased.cookies.join()).toMatch(/Max-Age=0/);
    const { rows } = await database.pool().query("select from users where user_id = 'matrix-leaver'");
    expect(rows).toEqual([]);
    expect((await consume(2, await signIn("matrix-leaver"))).json).toMatchObject({ allowed: false, used: 99 });
  });

  test.each(API["/api/account"] ?? [])("$method", async ({ method, expects }) => {
    for (const caller of CALLERS) {
      const { status } = await app.send("/api/account", { method, headers: headersOf[caller] });
      expect(status, caller).toBe(expects[caller]);
    }
  });
});
