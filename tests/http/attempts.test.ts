/** Limits on attempts in production, without a proxy and behind one: passwords, new accounts, bad deliveries. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FakeGoTrue, startFakeGoTrue } from "@/tests/fakes/gotrue";
import { type AppRequest, type AppServer, appServer, PROCESSOR } from "@/tests/support/app-server";
import { testDatabase } from "@/tests/support/database";

const database = testDatabase();
const otherDatabase = testDatabase();
let auth: FakeGoTrue;
beforeAll(async () => {
  auth = await startFakeGoTrue();
});
afterAll(() => auth?.stop());

const settings = () => ({
  SUPABASE_URL: auth.url,
  SUPABASE_PUBLISHABLE_KEY: "sb_publishable_of_the_tests",
  ...PROCESSOR,
});
const direct = appServer(() => ({ ...settings(), DATABASE_URL: otherDatabase.url }));
const proxied = appServer(() => ({ ...settings(), DATABASE_URL: database.url, TRUSTED_PROXIES: "1" }));

const post = (
  app: AppServer,
  path: string,
  body: unknown,
  forwardedFor?: string,
  headers: AppRequest["headers"] = {},
) =>
  app.send(path, {
    method: "POST",
    headers: { origin: app.url, ...(forwardedFor && { "x-forwarded-for": forwardedFor }), ...headers },
    body,
  });
const signUp = async (app: AppServer, forwardedFor: string) => {
  const body = { email: `${crypto.randomUUID()}@example.com`, password: "long enough" };
  return (await post(app, "/api/auth/sign-up", body, forwardedFor)).status;
};
/** The statuses of one sign-up more than a network may make per hour. */
async function signUps(app: AppServer, forwardedFor: (turn: number) => string): Promise<number[]> {
  const statuses: number[] = [];
  for (let turn = 0; turn <= 20; turn += 1) statuses.push(await signUp(app, forwardedFor(turn)));
  return statuses;
}
const ALL = Array<number>(21).fill(200);
const LAST_REFUSED = [...ALL.slice(1), 429];

test("without a proxy the connection's address counts, and the header has no effect", async () => {
  expect(await signUps(direct, (turn) => `203.0.113.${turn}`)).toEqual(LAST_REFUSED);
});

test("without a proxy the header does not raise the limit of bad deliveries", async () => {
  const deliver = (turn: number) =>
    post(direct, "/api/webhook/stripe", "{}", `203.0.113.${turn % 256}`, { "stripe-signature": "t=1,v1=00" });
  const statuses = new Set<number>();
  for (let round = 0; round < 13; round += 1)
    for (const { status } of await Promise.all(Array.from({ length: 50 }, (_, turn) => deliver(round * 50 + turn))))
      statuses.add(status);
  expect([...statuses].sort()).toEqual([400, 429]);
});

test("behind one proxy the last entry is the visitor", async () => {
  expect(await signUps(proxied, (turn) => `203.0.113.${turn}`)).toEqual(ALL);
  expect(await signUps(proxied, (turn) => `203.0.113.${turn}, 198.51.100.1`)).toEqual(LAST_REFUSED);
});

test("behind one proxy an IPv6 network is one visitor", async () => {
  expect(await signUps(proxied, (turn) => `2001:db8:1:2::${turn}`)).toEqual(LAST_REFUSED);
  expect(await signUp(proxied, "2001:db8:1:3::1")).toBe(200);
});

test("behind one proxy an entry that is no address counts as the proxy itself", async () => {
  expect(await signUps(proxied, (turn) => `garbage-${turn}`)).toEqual(LAST_REFUSED);
});

const signIn = (email: string, password: string, network: string) =>
  post(proxied, "/api/auth/sign-in", { email, password }, network);

test("wrong passwords from one network do not block the owner's sign-in from another", async () => {
  const owner = auth.addUser({});
  const statuses: number[] = [];
  for (let turn = 0; turn < 15; turn += 1)
    statuses.push((await signIn(owner.email.toUpperCase(), "guess", "192.0.2.1")).status);
  expect(statuses).toEqual([...Array<number>(10).fill(401), ...Array<number>(5).fill(429)]);
  expect((await signIn(owner.email, owner.password, "192.0.2.2")).status).toBe(200);
  // A right guess is refused as well, or guessing could continue.
  const refused = await signIn(owner.email, owner.password, "192.0.2.1");
  expect(refused.status).toBe(429);
  expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
});

test("a right password does not count", async () => {
  const owner = auth.addUser({});
  for (let turn = 0; turn < 12; turn += 1)
    expect((await signIn(owner.email, owner.password, "192.0.2.3")).status).toBe(200);
});

test("a network that guesses at many accounts is refused, and its requests write no row", async () => {
  const rows = async () => (await database.pool().query("select count(*)::int as n from rate_limits")).rows[0].n;
  const guess = (turn: number) => signIn(`user-${turn}@example.com`, "guess", "192.0.2.4");
  for (let turn = 0; turn < 100; turn += 10) {
    const answers = await Promise.all(Array.from({ length: 10 }, (_, each) => guess(turn + each)));
    for (const { status } of answers) expect(status).toBe(401);
  }
  const before = await rows();
  for (let turn = 100; turn < 120; turn += 1) expect((await guess(turn)).status).toBe(429);
  expect(await rows()).toBe(before);
});
