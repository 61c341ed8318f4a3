/** The built app in production with Clerk, without requests to Clerk: CLERK_JWT_KEY alone verifies sessions. */
import { generateKeyPair } from "jose";
import { afterAll, expect, test } from "vitest";
import { type FakeClerk, startFakeClerk } from "@/tests/fakes/clerk";
import { appServer, PROCESSOR } from "@/tests/support/app-server";
import { testDatabase } from "@/tests/support/database";
import { FILE_FORMS, FOREIGN_HOSTS } from "./forms";

const database = testDatabase();
let clerk: FakeClerk;
const app = appServer(async (url) => {
  clerk = await startFakeClerk(url);
  return { ...clerk.environment, ...PROCESSOR, DATABASE_URL: database.appUrl, ADMIN_USER_IDS: "user_admin" };
});

afterAll(() => clerk?.stop());

const USAGE = "/api/subscription/usage";
const bearer = async (...args: Parameters<FakeClerk["token"]>) => ({
  authorization: `Bearer ${await clerk.token(...args)}`,
});
const cookie = async (...args: Parameters<FakeClerk["token"]>) => ({
  cookie: clerk.cookies(await clerk.token(...args)),
});

test("a session gives its user's data, by cookie and by bearer", async () => {
  for (const headers of [await cookie("user_a"), await bearer("user_a")]) {
    const answer = await app.send(USAGE, { headers });
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({ userId: "user_a" });
  }
  const spent = await app.send("/api/usage/consume", {
    method: "POST",
    headers: { ...(await cookie("user_a")), origin: app.url },
    body: { field: "words_used", amount: 7 },
  });
  expect(spent.json).toMatchObject({ allowed: true, used: 7 });
});

test("a path that names a built file is 404 without a session", async () => {
  for (const form of FILE_FORMS) expect((await app.send(form("/billing"))).status, form("/billing")).toBe(404);
});

test("pages show the signed-in user, and send other visitors to the sign-in", async () => {
  const page = await app.send("/billing", { headers: await cookie("user_a") });
  expect(page.status).toBe(200);
  expect(page.text).toContain("Billing");
  const visitor = await app.send("/billing", { headers: { accept: "text/html" } });
  expect(visitor.status).toBe(307);
});

test.each<[string, () => ReturnType<typeof bearer>]>([
  ["expired", () => bearer("user_a", {}, { expiresIn: -60 })],
  ["not yet valid", () => bearer("user_a", { nbf: Math.floor(Date.now() / 1000) + 600 })],
  ["made for another app", () => bearer("user_a", { azp: "https://other.example" })],
  ["of another Clerk instance", () => bearer("user_a", { iss: "https://clerk.other.invalid" })],
  ["without an issuer", () => bearer("user_a", { iss: undefined as unknown as string })],
  ["for another audience", () => bearer("user_a", { aud: "https://api.other.example" })],
  ["for several audiences", () => bearer("user_a", { aud: [new URL(app.url).origin, "https://api.other.example"] })],
  ["of a JWT template", () => bearer("user_a", { sid: undefined, sts: undefined, fva: undefined, v: undefined })],
  ["of a JWT template for a server", () => bearer("user_a", { sid: undefined, azp: undefined })],
  ["with an empty session id", () => bearer("user_a", { sid: "" })],
  ["with a session id that is no text", () => bearer("user_a", { sid: 7 })],
  ["without an authorized party", () => bearer("user_a", { azp: undefined })],
  ["of a session that is not active yet", () => bearer("user_a", { sts: "pending" })],
  ["signed by another key", async () => bearer("user_a", {}, { key: (await generateKeyPair("RS256")).privateKey })],
  ["unsigned", async () => ({ authorization: `Bearer ${unsigned(await clerk.token("user_a"))}` })],
  ["cut", async () => ({ authorization: `Bearer ${(await clerk.token("user_a")).slice(0, -10)}` })],
])("a token %s gives no session", async (_, headers) => {
  const answer = await app.send(USAGE, { headers: await headers() });
  expect(answer.status).toBe(401);
  expect(answer.json).toMatchObject({ reason: "not_signed_in" });
});

test("a page with a stale cookie redirects to Clerk, and contains no data", async () => {
  const headers = {
    ...(await cookie("user_a", {}, { expiresIn: -60 })),
    accept: "text/html",
    "sec-fetch-dest": "document",
  };
  const answer = await app.send("/billing", { headers });
  expect(answer.status).toBe(307);
  expect(answer.headers.location).toMatch(/^https:\/\/clerk\.example\.invalid\/v1\/client\/handshake\?/);
  expect(answer.headers["cache-control"]).toContain("no-store");
});

test("Clerk's redirect returns to our own address, independent of the headers", async () => {
  const stale = await cookie("user_a", {}, { expiresIn: -60 });
  for (const forged of FOREIGN_HOSTS)
    for (const path of [
      "/billing?tab=1",
      "//evil.example/billing",
      "/billing?__clerk_redirect_url=https://evil.example",
    ]) {
      const headers = { ...stale, ...forged, accept: "text/html", "sec-fetch-dest": "document" };
      const { location } = (await app.send(path, { headers })).headers;
      const named = `${path} with ${JSON.stringify(forged)}: ${location}`;
      if (location === undefined) continue;
      const target = new URL(location, app.url);
      expect([new URL(app.url).host, "clerk.example.invalid"], named).toContain(target.host);
      const back = target.searchParams.get("redirect_url");
      if (back !== null) expect(new URL(back).origin, named).toBe(new URL(app.url).origin);
    }
});

test("the profile gets the token's e-mail and name, and keeps them if a later token has none", async () => {
  await app.send(USAGE, { headers: await bearer("user_named", { email: "grace@example.com", name: "Grace Hopper" }) });
  await expect
    .poll(async () => (await database.pool().query("select email, name from users where user_id = 'user_named'")).rows)
    .toEqual([{ email: "grace@example.com", name: "Grace Hopper" }]);
  await app.send(USAGE, { headers: await bearer("user_named") });
  const { rows } = await database.pool().query("select email from users where user_id = 'user_named'");
  expect(rows).toEqual([{ email: "grace@example.com" }]);
});

test("an e-mail that the token lacks is fetched from Clerk once", async () => {
  const profile = async () =>
    (await database.pool().query("select email, name from users where user_id = 'user_silent'")).rows;
  for (let time = 0; time < 3; time += 1) await app.send(USAGE, { headers: await bearer("user_silent") });
  await expect.poll(profile).toEqual([{ email: "user_silent@clerk.example", name: "Ada Lovelace" }]);
  expect(clerk.requests.filter((each) => each.includes("user_silent"))).toHaveLength(1);
  expect(clerk.requests.filter((each) => !each.includes("/v1/users/"))).toEqual([]);
});

test("a user in ADMIN_USER_IDS is an admin", async () => {
  const link = { processor: "stripe", customerId: "cus_x", userId: "user_a" };
  const as = async (userId: string) =>
    (await app.send("/api/admin/links", { method: "POST", headers: await bearer(userId), body: link })).status;
  expect(await as("user_a")).toBe(404);
  expect(await as("user_admin")).toBe(200);
});

test("a write from another site is refused, also with a session", async () => {
  const headers = { ...(await cookie("user_a")), origin: "https://evil.example" };
  const answer = await app.send("/api/usage/consume", { method: "POST", headers, body: { field: "words_used" } });
  expect(answer.status).toBe(403);
});

test("the routes and cookies of other providers give no session", async () => {
  const local = await app.send("/api/auth/local", {
    method: "POST",
    headers: { origin: app.url },
    body: { userId: "user_a" },
  });
  expect(local.status).toBe(404);
  expect(local.cookies).toEqual([]);
  const password = { email: "a@example.com", password: "x" };
  expect((await app.send("/api/auth/sign-in", { method: "POST", body: password })).status).toBe(404);
  const forged = await app.send(USAGE, { headers: { cookie: `tollgate_session_${new URL(app.url).port}=x` } });
  expect(forged.status).toBe(401);
});

test("the sign-in and sign-out pages allow Clerk's scripts, and other pages do not", async () => {
  for (const path of ["/sign-in", "/sign-up", "/sign-out"]) {
    const { status, headers, text } = await app.send(path);
    expect(status, path).toBe(200);
    expect(headers["content-security-policy"], path).toContain("connect-src 'self' https://clerk.example.invalid");
    expect(text, path).toContain(clerk.environment.CLERK_PUBLISHABLE_KEY);
    expect(text, path).not.toContain(clerk.environment.CLERK_SECRET_KEY);
  }
});

function unsigned(token: string): string {
  const [, payload] = token.split(".");
  return `${Buffer.from('{"alg":"none"}').toString("base64url")}.${payload}.`;
}
