/** The built app in production with Supabase: Auth for identity, and no DATABASE_URL, so that all data goes by rpc. */
import { generateKeyPair, type JWTPayload } from "jose";
import { afterAll, beforeEach, expect, inject, test } from "vitest";
import { sign } from "@/lib/sandbox/event-builders/stripe/events";
import { type FakeGoTrue, type FakeUser, startFakeGoTrue } from "@/tests/fakes/gotrue";
import { type FakePostgrest, startFakePostgrest } from "@/tests/fakes/postgrest";
import { appServer, PROCESSOR } from "@/tests/support/app-server";
import { testDatabase } from "@/tests/support/database";
import { databaseUrl } from "@/tests/support/database-url";
import { JWT_SECRET, PUBLISHABLE_KEY, SERVICE_KEY } from "@/tests/support/transports";
import { FILE_FORMS } from "./forms";

const database = testDatabase();
let rest: FakePostgrest;
let auth: FakeGoTrue;
let user: FakeUser;

const app = appServer(async () => {
  rest = await startFakePostgrest({
    databaseUrl: databaseUrl(inject("authenticatorUrl"), new URL(database.url).pathname.slice(1)),
    keys: { [SERVICE_KEY]: "service_role", [PUBLISHABLE_KEY]: "anon" },
    jwtSecret: JWT_SECRET,
  });
  auth = await startFakeGoTrue({ rest: rest.handle });
  return {
    SUPABASE_URL: auth.url,
    SUPABASE_PUBLISHABLE_KEY: PUBLISHABLE_KEY,
    SUPABASE_SECRET_KEY: SERVICE_KEY,
    ...PROCESSOR,
  };
});
afterAll(async () => {
  await auth?.stop();
  await rest?.stop();
});
beforeEach(() => {
  user = auth.addUser({});
});

const USAGE = "/api/subscription/usage";
/** The default name in @supabase/ssr, after the project's host. */
const COOKIE = "sb-localhost-auth-token";
const signedIn = async (options?: { expiresIn?: number }) => ({
  cookie: `${COOKIE}=${await auth.session(user, options)}`,
});
const refreshes = () => auth.requests.filter((each) => each.includes("grant_type=refresh_token")).length;
const form = (fields: Record<string, string>) => ({
  method: "POST",
  headers: { "content-type": "application/x-www-form-urlencoded", origin: app.url },
  body: new URLSearchParams(fields).toString(),
});
const cookieOf = (cookies: string[]) => cookies.map((each) => each.split(";")[0]).join("; ");

test("a session gives its user's data through rpc, by cookie and by bearer", async () => {
  for (const headers of [await signedIn(), { authorization: `Bearer ${await auth.token(user)}` }]) {
    const answer = await app.send(USAGE, { headers });
    expect(answer.json).toMatchObject({ userId: user.id });
  }
  const body = { field: "words_used", amount: 600 };
  const headers = { ...(await signedIn()), origin: app.url };
  const spent = await app.send("/api/usage/consume", { method: "POST", headers, body });
  expect(spent.json).toMatchObject({ allowed: false, reason: "limit_reached", limit: 500 });
  const bad = await app.send("/api/chatbots", { method: "POST", headers, body: { name: "x".repeat(81) } });
  expect(bad.status).toBe(400);
});

test("a session needs one request to Supabase, for the public keys", async () => {
  await app.send(USAGE, { headers: await signedIn() });
  const before = auth.requests.length;
  for (let time = 0; time < 5; time += 1) await app.send(USAGE, { headers: await signedIn() });
  expect(auth.requests.slice(before)).toEqual([]);
});

test.each<[string, () => Promise<string>]>([
  ["expired", () => auth.token(user, {}, { expiresIn: -10 })],
  ["of another project", () => auth.token(user, { iss: "https://other.supabase.co/auth/v1" })],
  ["for another audience", () => auth.token(user, { aud: "other" })],
  ["for another audience beside ours", () => auth.token(user, { aud: ["authenticated", "other"] })],
  ["without an audience", () => auth.token(user, { aud: undefined as unknown as string })],
  ["without an issuer", () => auth.token(user, { iss: undefined as unknown as string })],
  ["without a role", () => auth.token(user, { role: undefined })],
  ["of the service role", () => auth.token(user, { role: "service_role" })],
  ["of the anon role", () => auth.token(user, { role: "anon" })],
  ["without a subject", () => auth.token(user, { sub: "" } as JWTPayload)],
  ["signed by another key", async () => auth.token(user, {}, { key: (await generateKeyPair("ES256")).privateKey })],
  ["cut", async () => (await auth.token(user)).slice(0, -6)],
])("a token %s gives no session", async (_, token) => {
  const answer = await app.send(USAGE, { headers: { authorization: `Bearer ${await token()}` } });
  expect(answer.status).toBe(401);
});

test("the token names the user, not the other fields of the cookie", async () => {
  const other = auth.addUser({});
  const session = JSON.parse(Buffer.from((await auth.session(user)).slice("base64-".length), "base64url").toString());
  session.user = { ...session.user, id: other.id };
  const forged = `base64-${Buffer.from(JSON.stringify(session)).toString("base64url")}`;
  expect((await app.send(USAGE, { headers: { cookie: `${COOKIE}=${forged}` } })).json).toMatchObject({
    userId: user.id,
  });
});

test("a user signs in, has a session and signs out, by forms without script", async () => {
  const wrong = await app.send("/api/auth/sign-in", form({ email: user.email, password: "wrong", next: "/usage" }));
  expect(wrong.headers.location).toBe("/sign-in?next=%2Fusage&problem=invalid_credentials");
  expect(wrong.cookies).toEqual([]);

  const right = await app.send(
    "/api/auth/sign-in",
    form({ email: user.email, password: user.password, next: "/writer" }),
  );
  expect(right.status).toBe(303);
  expect(right.headers.location).toBe("/writer");
  for (const cookie of right.cookies) {
    expect(cookie).toMatch(/HttpOnly/i);
    expect(cookie).toMatch(/SameSite=lax/i);
  }
  const cookie = cookieOf(right.cookies);
  expect((await app.send(USAGE, { headers: { cookie } })).json).toMatchObject({ userId: user.id });
  await expect
    .poll(async () => (await database.pool().query("select email, name from users where user_id = $1", [user.id])).rows)
    .toEqual([{ email: user.email, name: user.name }]);

  const out = await app.send("/api/auth/sign-out", { method: "POST", headers: { cookie, origin: app.url } });
  expect(out.status).toBe(303);
  expect(out.cookies.join()).toMatch(new RegExp(`${COOKIE}=;.*Max-Age=0`, "i"));
});

test("the redirect after the sign-in stays on our site", async () => {
  const fields = { email: user.email, password: user.password, next: "https://evil.example/x" };
  expect((await app.send("/api/auth/sign-in", form(fields))).headers.location).toBe("/billing");
});

test("a sign-up creates an account; an address with an account gets no session", async () => {
  const fresh = { email: `new-${Date.now()}@example.com`, password: "long enough" };
  const made = await app.send("/api/auth/sign-up", { method: "POST", headers: { origin: app.url }, body: fresh });
  expect(made.json).toEqual({ signedIn: true });
  const taken = { email: user.email, password: "guess" };
  const again = await app.send("/api/auth/sign-up", { method: "POST", headers: { origin: app.url }, body: taken });
  expect(again.json).toEqual({ signedIn: false });
  expect(again.cookies.some((each) => each.startsWith(`${COOKIE}=`))).toBe(false);
});

test("a sign-in from another site is refused", async () => {
  const request = form({ email: user.email, password: user.password });
  const answer = await app.send("/api/auth/sign-in", {
    ...request,
    headers: { ...request.headers, origin: "https://evil.example" },
  });
  expect(answer.status).toBe(403);
  expect(answer.cookies).toEqual([]);
});

test("an expired session is renewed once for concurrent requests, and the answers are not cached", async () => {
  const headers = await signedIn({ expiresIn: -10 });
  const before = refreshes();
  const answers = await Promise.all(
    ["/billing", "/chatbots", "/writer", USAGE, USAGE, "/billing"].map((path) => app.send(path, { headers })),
  );
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
  expect(refreshes() - before).toBe(1);
  for (const { cookies, headers } of answers) {
    expect(cookies.join()).toContain(COOKIE);
    expect(cookies.join()).not.toMatch(/Max-Age=0/i);
    expect(headers["cache-control"]).toMatch(/private/);
    expect(headers["cache-control"]).toMatch(/no-store/);
  }
  const renewed = cookieOf(answers[0]?.cookies ?? []);
  expect((await app.send(USAGE, { headers: { cookie: renewed } })).status).toBe(200);
});

test("a session with an unknown refresh token ends, and its cookie is removed", async () => {
  const session = JSON.parse(
    Buffer.from((await auth.session(user, { expiresIn: -10 })).slice(7), "base64url").toString(),
  );
  const value = `base64-${Buffer.from(JSON.stringify({ ...session, refresh_token: "unknown" })).toString("base64url")}`;
  const answer = await app.send("/billing", { headers: { cookie: `${COOKIE}=${value}`, accept: "text/html" } });
  expect(answer.status).toBe(307);
  expect(answer.cookies.join()).toMatch(/Max-Age=0/i);
});

test("a path that names a built file is 404 without a session", async () => {
  for (const form of FILE_FORMS) expect((await app.send(form("/billing"))).status, form("/billing")).toBe(404);
});

test("the eleventh wrong password is refused, for that address only", async () => {
  const guess = (email: string) =>
    app.send("/api/auth/sign-in", { method: "POST", headers: { origin: app.url }, body: { email, password: "guess" } });
  for (let time = 0; time < 10; time += 1) expect((await guess(user.email)).status).toBe(401);
  const stopped = await guess(user.email.toUpperCase());
  expect(stopped.status).toBe(429);
  expect(stopped.json).toMatchObject({ reason: "rate_limited" });
  expect(Number(stopped.headers["retry-after"])).toBeGreaterThan(0);
  expect((await guess("another@example.com")).status).toBe(401);
});

test("many deliveries with bad signatures get 429, and a signed delivery still passes", async () => {
  const post = (signature: string, body: string) =>
    app.send("/api/webhook/stripe", { method: "POST", headers: { "stripe-signature": signature }, body });
  const statuses = new Set<number>();
  while (!statuses.has(429))
    for (const { status } of await Promise.all(Array.from({ length: 50 }, () => post("t=1,v1=00", "{}"))))
      statuses.add(status);
  expect([...statuses].sort()).toEqual([400, 429]);
  const body = JSON.stringify({
    id: "evt_signed",
    object: "event",
    type: "some.type",
    created: 1,
    livemode: false,
    data: { object: {} },
  });
  const signed = await post(sign(body, PROCESSOR.STRIPE_WEBHOOK_SECRET, Math.floor(Date.now() / 1000)), body);
  expect(signed.status).toBe(200);
  expect(signed.json).toMatchObject({ received: true });
});

test("the log contains no secret", () => {
  expect(app.output).toContain("Delivery refused");
  for (const secret of [SERVICE_KEY, ...Object.values(PROCESSOR), "correct horse"])
    expect(app.output).not.toContain(secret);
  expect(app.output).not.toMatch(/eyJ[\w-]{10,}\./);
});

test("no page contains a key, not even the publishable one", async () => {
  for (const path of ["/", "/sign-in", "/sign-up", "/billing"]) {
    const { text } = await app.send(path, { headers: await signedIn() });
    for (const key of [SERVICE_KEY, PUBLISHABLE_KEY, ...Object.values(PROCESSOR)])
      expect(text, path).not.toContain(key);
  }
});
