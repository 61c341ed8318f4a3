/** The headers of every answer: pages, routes, files and errors; and the names that the browser's bundle must not contain. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { describe, expect, inject, test } from "vitest";
import { VARIABLE_NAMES } from "@/lib/core/env";
import { type AppAnswer, appServer, SANDBOX } from "@/tests/support/app-server";
import { testDatabase } from "@/tests/support/database";
import { FOREIGN_HOSTS } from "./forms";
import { API, OTHERS, PAGES } from "./routes";

const database = testDatabase();
const SETTINGS = {
  ...SANDBOX,
};
const app = appServer(() => ({ ...SETTINGS, DATABASE_URL: database.url }));
/** As behind a proxy that ends TLS. */
const secure = appServer((url) => ({
  ...SETTINGS,
  DATABASE_URL: database.url,
  APP_URL: url.replace("http:", "https:"),
}));

const sample = (route: string) => route.replace(/\[\.\.\..+\]|\[.+?\]/g, "x");
const ROUTES = [...Object.keys(API), ...Object.keys(PAGES), ...OTHERS, "/no-such-page", "/no/such/page.txt"].map(
  sample,
);

test.each(ROUTES)("%s", async (route) => {
  for (const method of ["GET", "POST"]) expectSafe(await app.send(route, { method }), `${method} ${route}`);
});

function expectSafe({ headers }: AppAnswer, of: string): void {
  expect(headers["strict-transport-security"], of).toMatch(/max-age=\d{8}/);
  expect(headers["x-content-type-options"], of).toBe("nosniff");
  expect(headers["x-frame-options"], of).toBe("DENY");
  expect(headers["content-security-policy"], of).toContain("frame-ancestors 'none'");
  expect(headers["referrer-policy"], of).toBeDefined();
  expect(headers["x-powered-by"], of).toBeUndefined();
  expect(headers["access-control-allow-origin"], of).toBeUndefined();
}

test("no redirect on any route has a host from the request's headers, with GET, POST and a form", async () => {
  let redirects = 0;
  const form = { "content-type": "application/x-www-form-urlencoded", origin: app.url };
  for (const route of [...ROUTES, "/billing/", "//evil.example/billing", "/api/auth/local/"])
    for (const forged of FOREIGN_HOSTS)
      for (const request of [{}, { method: "POST" }, { method: "POST", headers: form, body: "userId=a&next=/usage" }]) {
        const headers = { ...request.headers, ...forged };
        const { location } = (await app.send(route, { ...request, headers })).headers;
        if (location === undefined) continue;
        redirects += 1;
        const named = `${request.method} ${route} with ${JSON.stringify(forged)}: ${location}`;
        expect(new URL(location, app.url).origin, named).toBe(app.url);
      }
  expect(redirects).toBeGreaterThan(50);
});

describe("pages", () => {
  test.each(Object.keys(PAGES))("%s: every script has the answer's own nonce", async (route) => {
    const first = await app.send(route);
    const second = await app.send(route);
    const nonce = nonceOf(first);
    expect(nonce).toMatch(/^[\w+/=]{22,}$/);
    expect(nonceOf(second)).not.toBe(nonce);
    const scripts = first.text.match(/<script\b[^>]*>/g) ?? [];
    expect(scripts.length).toBeGreaterThan(0);
    for (const script of scripts) expect(script).toContain(`nonce="${nonce}"`);
    expect(first.text).not.toMatch(/<[^>]+\son\w+=/);
    expect(first.headers["cache-control"]).toContain("no-store");
  });

  test("have a policy without other hosts if no provider is configured", async () => {
    expect((await app.send("/")).headers["content-security-policy"]).not.toMatch(/https?:|\*|unsafe-eval/);
  });
});

function nonceOf({ headers }: AppAnswer): string | undefined {
  return /'nonce-([^']+)'/.exec(String(headers["content-security-policy"]))?.[1];
}

test("over https the session's cookie is Secure and bound to the host", async () => {
  const signIn = (url: typeof app) => url.send("/api/auth/local", { method: "POST", body: { userId: "visitor" } });
  const [cookie] = (await signIn(secure)).cookies;
  expect(cookie).toMatch(/^__Host-tollgate_session_\d+=[^;]+; Max-Age=\d+; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
  const session = { cookie: String(cookie).split(";")[0] ?? "" };
  expect((await secure.send("/api/chatbots", { headers: session })).status).toBe(200);
  const injected = { cookie: session.cookie.replace("__Host-", "") };
  expect((await secure.send("/api/chatbots", { headers: injected })).status).toBe(401);
  expect((await signIn(app)).cookies[0]).not.toContain("Secure");
});

describe("the browser's bundle", () => {
  const files = (directory: string): string[] =>
    readdirSync(directory).flatMap((name) => {
      const file = path.join(directory, name);
      return statSync(file).isDirectory() ? files(file) : [file];
    });
  const bundle = () =>
    files(path.join(process.cwd(), inject("distDir"), "static"))
      .filter((file) => /\.(js|css|json|map)$/.test(file))
      .map((file) => ({ file, text: readFileSync(file, "utf8") }));

  test("contains no secret and no name of a secret's variable", () => {
    const names = VARIABLE_NAMES.filter((name) => /SECRET|_KEY$|TOKEN|DATABASE_URL|REDIS_URL/.test(name));
    const ours = names.filter((name) => !name.startsWith("NEXT_PUBLIC_") && !/PUBLISHABLE|ANON/.test(name));
    const values = ["sandbox-usage-key", "whsec_tollgate", "pdl_ntfset", "service_role", "sb_secret_", "postgres://"];
    const all = bundle();
    expect(all.length).toBeGreaterThan(5);
    // Clerk's own code names its variable in a warning.
    for (const { file, text } of all)
      for (const word of [...ours, ...values].filter((each) => each !== "CLERK_SECRET_KEY"))
        expect(text.includes(word), `${word} in ${file}`).toBe(false);
  });

  test("contains no server code and no source maps", () => {
    for (const { file, text } of bundle()) {
      expect(file).not.toMatch(/\.map$/);
      for (const word of ["check_and_increment_usage", "constructEvent", "pg-protocol", "supabase-js"])
        expect(text.includes(word), `${word} in ${file}`).toBe(false);
    }
  });
});
