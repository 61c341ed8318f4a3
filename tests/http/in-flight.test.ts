/** Many concurrent requests of one user on the production build: they are bounded, and other users get answers. */
import { expect, test } from "vitest";
import { appServer, SANDBOX, signedIn } from "@/tests/support/app-server";
import { testDatabase } from "@/tests/support/database";

const database = testDatabase({ deadlines: "shipped" });
const app = appServer(() => ({
  ...SANDBOX,
  DATABASE_URL: database.url,
}));

const signIn = async (userId: string) => ({ ...(await signedIn(app, userId)), origin: app.url });

/** Without `send`, which repeats a request after a 503. */
const many = (count: number, path: string, init: RequestInit) =>
  Promise.all(Array.from({ length: count }, () => fetch(`${app.url}${path}`, init)));

const chatbot = (headers: Record<string, string>) => ({
  method: "POST",
  headers: { ...headers, "content-type": "application/json" },
  body: JSON.stringify({ name: "Bot" }),
});

test("forty calls on a user's own locked row are refused without effect, and another user gets an answer meanwhile", async () => {
  const [slow, other] = [await signIn("slow"), await signIn("other")];
  await app.send("/api/subscription/usage", { headers: slow });
  await app.send("/api/subscription/usage", { headers: other });
  const client = await database.pool().connect();
  await client.query("begin");
  await client.query("select from subscriptions where user_id = 'slow' for update");
  const answers = many(40, "/api/chatbots", chatbot(slow));
  const made = await app.send("/api/chatbots", { method: "POST", headers: other, body: { name: "Bot" } });
  expect(made.status).toBe(201);
  const refused = await answers;
  await client.query("rollback");
  client.release();
  expect([...new Set(refused.map(({ status }) => status))].sort()).toEqual([429, 503]);
  for (const answer of refused) expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  const tooMany = refused.find(({ status }) => status === 429);
  expect(await tooMany?.json()).toMatchObject({ reason: "rate_limited", error: expect.any(String) });
  expect((await app.send("/api/chatbots", { headers: slow })).json).toEqual({ chatbots: [] });
});

test("pages over the limit are 429 with Retry-After, and eight at once are all 200", async () => {
  const busy = await signIn("busy");
  const answers = await many(80, "/billing", { headers: busy });
  // 503: on a busy machine a page may wait too long for the user's connections.
  for (const { status, headers } of answers) {
    expect([200, 429, 503]).toContain(status);
    if (status !== 200) expect(headers.get("retry-after")).toBe("2");
  }
  expect(answers.map(({ status }) => status)).toEqual(expect.arrayContaining([200, 429]));
  const refused = answers.find(({ status }) => status === 429);
  expect(refused?.headers.get("retry-after")).toBe("2");
  expect(await refused?.text()).toContain("<html");
  const eight = async () => (await many(8, "/usage", { headers: busy })).map(({ status }) => status);
  await expect.poll(eight).toEqual(Array(8).fill(200));
});

test("a page is 503 with Retry-After while its data is locked, and 200 afterwards", async () => {
  const reader = await signIn("reader");
  expect((await fetch(`${app.url}/billing`, { headers: reader })).status).toBe(200);
  const client = await database.pool().connect();
  await client.query("begin");
  await client.query("lock table decisions in access exclusive mode");
  const refused = await fetch(`${app.url}/billing`, { headers: reader });
  await client.query("rollback");
  client.release();
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "2"]);
  expect(refused.headers.get("content-security-policy")).toContain("nonce-");
  expect(await refused.text()).toContain("<html");
  const again = async () => (await fetch(`${app.url}/billing`, { headers: reader })).status;
  await expect.poll(again).toBe(200);
});

test("an export that is requested by HEAD does not block other users' exports", async () => {
  const [first, second, third] = [await signIn("head-1"), await signIn("head-2"), await signIn("export-3")];
  const exported = async (method: string, headers: Record<string, string>) =>
    (await fetch(`${app.url}/api/account/export`, { method, headers })).status;
  for (let round = 0; round < 2; round += 1)
    for (const headers of [first, second]) expect(await exported("HEAD", headers)).toBe(200);
  expect(await exported("GET", third)).toBe(200);
  expect(await exported("GET", first)).toBe(200);
});
