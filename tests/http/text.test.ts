/** Unusable text in every path, query and body: 400 or 404, and never a 500. */
import { beforeAll, describe, expect, test } from "vitest";
import { type AppAnswer, appServer, SANDBOX, signedIn } from "@/tests/support/app-server";
import { testDatabase } from "@/tests/support/database";
import { API, PAGES, SAMPLES } from "./routes";

const database = testDatabase();
const USAGE_KEY = "usage-key-of-the-tests";
const app = appServer(() => ({
  ...SANDBOX,
  DATABASE_URL: database.url,
  USAGE_API_KEY: USAGE_KEY,
}));

let cookie = "";
const signIn = async (userId: string) => (await signedIn(app, userId)).cookie;
const sessionFor = (path: string, field: string) =>
  path.startsWith("/api/admin/") || path.startsWith("/api/test/") ? cookie : signIn(`sends ${field} to ${path}`);
const service = { authorization: `Bearer ${USAGE_KEY}` };
beforeAll(async () => {
  cookie = await signIn("admin");
});

/** Encoded for an address. */
const UNREADABLE = ["%E0%A4%A", "%ED%A0%80", "%FF", "%80", "%", "%zz", "%00", "a%00b", "%01", "%0A", "%7F", "%C2%85"];
const LONG = "x".repeat(3_000);
const READABLE = ["%2500", "%25E0", "%F0%9F%98%80", "%E2%80%AE"];

function expectRefused({ status, headers }: AppAnswer, of: string): void {
  expect([400, 404, 405], of).toContain(status);
  expectSafe(headers, of);
}

function expectSafe(headers: AppAnswer["headers"], of: string): void {
  expect(headers["x-frame-options"], of).toBe("DENY");
  expect(headers["x-content-type-options"], of).toBe("nosniff");
  expect(headers["strict-transport-security"], of).toMatch(/max-age/);
  expect(headers["content-security-policy"], of).toContain("frame-ancestors 'none'");
}

const parameter = /\[(\.\.\.)?\w+\]/g;
/** The route with the text in each parameter, in all of them, after its end and below it. */
function pathsWith(route: string, text: string): string[] {
  const sample = route.replaceAll(parameter, "x");
  const places = [...route.matchAll(parameter)].map(([found]) =>
    route.replace(found, text).replaceAll("[processor]", "stripe").replaceAll(parameter, "x"),
  );
  const everywhere = route.replaceAll(parameter, text);
  return [
    ...places,
    ...(places.length > 1 ? [everywhere] : []),
    `${sample === "/" ? "" : sample}/${text}`,
    sample + text,
  ];
}

const ROUTES: [route: string, methods: string[]][] = [
  ...Object.entries(API).map(([route, rows]): [string, string[]] => [
    route,
    [...new Set(rows.map((row) => row.method))],
  ]),
  ...Object.keys(PAGES).map((route): [string, string[]] => [route, ["GET", "POST"]]),
  ["/no-such-page", ["GET"]],
];
let requests = 0;

describe.each(ROUTES)("%s", (route, methods) => {
  test("refuses unusable text in the path", async () => {
    const sent: string[] = [];
    for (const method of methods)
      for (const text of [...UNREADABLE, LONG])
        for (const rawPath of new Set(pathsWith(route, text)))
          for (const headers of text === "%E0%A4%A" ? [{}, { cookie }] : [{ cookie }]) {
            requests += 1;
            const id = `text-${requests}`;
            const answer = await app.send(rawPath, { method, headers: withId(headers, id) });
            const of = `${method} ${rawPath.slice(0, 200)}`;
            if (text !== LONG) {
              expectRefused(answer, of);
              sent.push(id);
            } else expect(answer.status, of).toBeLessThan(500);
          }
    // One log line per request.
    await expect.poll(() => sent.filter((id) => linesOf(id) !== 1), { timeout: 30_000 }).toEqual([]);
  });

  test("accepts unusual readable text in the path", async () => {
    for (const method of methods.filter((each) => each === "GET"))
      for (const text of READABLE)
        for (const rawPath of pathsWith(route, text)) {
          const answer = await app.send(rawPath, { method, headers: { cookie } });
          expect(answer.status, rawPath).toBeLessThan(500);
          expectSafe(answer.headers, rawPath);
        }
  });

  const NAMES = [
    "id",
    "userId",
    "search",
    "after",
    "next",
    "period",
    "product",
    "plan",
    "changed",
    "before",
    "checkout",
  ];
  const MORE = [
    "type",
    "processor",
    "outcome",
    "from",
    "field",
    "days",
    "limit",
    "token_hash",
    "code",
    "problem",
    "job",
  ];
  test("has no 500 for unusable text in the query", async () => {
    const path = (SAMPLES[route] ?? route).replaceAll(parameter, "x");
    for (const method of methods)
      for (const text of [...UNREADABLE, ...READABLE, "x".repeat(500)]) {
        const query = [...NAMES, ...MORE].map((name) => `${name}=${text}`).join("&");
        if (method === "DELETE" && route === "/api/account") continue;
        for (const search of [query, `${text}=x`, text]) {
          const answer = await app.send(`${path}?${search}`, { method, headers: { cookie } });
          expect(answer.status, `${method} ${path}?${search}`.slice(0, 200)).toBeLessThan(500);
          expectSafe(answer.headers, path);
        }
      }
  });
});

function withId(headers: Record<string, string | undefined>, id: string): Record<string, string> {
  return { ...(headers as Record<string, string>), "x-request-id": id };
}

function linesOf(id: string): number {
  return app.output.split(`"requestId":"${id}"`).length - 1;
}

/** Valid requests, and the fields that get an unusable text. */
const BODIES: [method: string, path: string, body: Record<string, unknown>, ...fields: string[]][] = [
  [
    "POST",
    "/api/usage/consume",
    { userId: "u", field: "words_used", idempotencyKey: "k" },
    "userId",
    "field",
    "idempotencyKey",
  ],
  [
    "POST",
    "/api/usage/release",
    { userId: "u", field: "words_used", of: "k", idempotencyKey: "r" },
    "userId",
    "of",
    "idempotencyKey",
  ],
  [
    "POST",
    "/api/usage/reserve",
    { userId: "u", field: "words_used", amount: 1, ttlSeconds: 1, idempotencyKey: "k" },
    "userId",
    "idempotencyKey",
  ],
  ["POST", "/api/usage/settle", { userId: "u", reservationId: "r", amount: 1 }, "userId", "reservationId"],
  ["POST", "/api/chatbots", { name: "Bot" }, "name"],
  ["POST", "/api/chatbots/7b0e7d0c-6c1f-4a57-9d2f-2d8c4a1e6b11/messages", { text: "Hello" }, "text"],
  ["POST", "/api/writer/transform", { text: "Hello", style: "formal" }, "text", "style"],
  ["POST", "/api/checkout", { product: "writer", plan: "plus" }, "product", "plan"],
  ["POST", "/api/checkout/return", { checkout: "x" }, "checkout"],
  ["POST", "/api/subscription/change", { product: "writer", plan: "plus" }, "product", "plan"],
  ["POST", "/api/subscription/preview", { product: "writer", plan: "plus" }, "product", "plan"],
  ["POST", "/api/subscription/cancel", { product: "writer" }, "product"],
  ["POST", "/api/auth/local", { userId: "u" }, "userId"],
  [
    "POST",
    "/api/admin/links",
    { processor: "stripe", customerId: "c", userId: "u" },
    "processor",
    "customerId",
    "userId",
  ],
  ["POST", "/api/admin/overrides", { userId: "u", field: "words_used", limit: 1, reason: "r" }, "userId", "reason"],
  ["POST", "/api/admin/sync", { userId: "u" }, "userId"],
  ["POST", "/api/admin/reconcile", { userId: "u" }, "userId"],
  ["POST", "/api/admin/clock", { userId: "u", by: "day" }, "userId", "by"],
  [
    "POST",
    "/api/test/webhook-simulation",
    { userId: "u", scenario: "new_subscription", dryRun: true },
    "userId",
    "scenario",
  ],
];

describe("bodies", () => {
  const TEXTS = ["\0", "a\0b", "\ud800", "a\udc00", "\u0001", "\u007f", "x".repeat(900_000)];

  test.each(BODIES)("%s %s", async (method, path, body, ...fields) => {
    // Attempts are counted per user.
    for (const field of fields)
      for (const headers of [{ cookie: await sessionFor(path, field) }, service])
        for (const text of TEXTS) {
          const {
            status,
            json,
            headers: got,
          } = await app.send(path, { method, headers, body: { ...body, [field]: text } });
          expect([400, 401, 403], `${field} ${JSON.stringify(text.slice(0, 9))}`).toContain(status);
          expect(json).toMatchObject({ error: expect.any(String), reason: expect.any(String) });
          expectSafe(got, path);
        }
  });

  test.each(Object.entries(API))("as any JSON and any form are never a 500: %s", async (route, rows) => {
    for (const { method, path = route } of rows.filter((row) => row.method !== "GET" && route !== "/api/account"))
      for (const text of TEXTS.slice(0, 4))
        for (const body of [text, { [text]: 1 }, { userId: text, id: text }, [text], [{ userId: text }]]) {
          const json = await app.send(path.replace("{bot}", "x"), {
            method,
            headers: { cookie },
            body: JSON.stringify(body),
          });
          expect(json.status, `${method} ${path} ${JSON.stringify(body)}`).toBeLessThan(500);
          const form = await app.send(path.replace("{bot}", "x"), {
            method,
            headers: { cookie, "content-type": "application/x-www-form-urlencoded" },
            body: `card=%00&userId=%00&next=%00&id=%ED%A0%80&email=%E0%A4%A&name=%00&subscription=%00&action=%00&intent=%00`,
          });
          expect(form.status, `${method} ${path}, as a form`).toBeLessThan(500);
        }
  });
});
