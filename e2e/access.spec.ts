/** Access rights over HTTP, and the answers to bad input. */
import { expect, test } from "@playwright/test";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { consume, meterOf, newUserId, postStripe, signIn, subscriptionOf } from "./support/users";

const KEY = { authorization: "Bearer sandbox-usage-key" };
const FIELD = { field: "words_used", amount: 1 };

test("a request without identity gets 401", async ({ request }) => {
  for (const path of ["/api/subscription/usage", "/api/chatbots"]) {
    const response = await request.get(path);
    expect(response.status(), path).toBe(401);
    expect(response.headers()["cache-control"]).toContain("no-store");
  }
  for (const path of ["/api/usage/consume", "/api/usage/release", "/api/chatbots", "/api/writer/transform"]) {
    expect((await request.post(path, { data: FIELD })).status(), path).toBe(401);
  }
  const wrongKey = { authorization: "Bearer sandbox-usage-kez" };
  expect((await request.post("/api/usage/consume", { data: FIELD, headers: wrongKey })).status()).toBe(401);
});

test("a session consumes only its own usage and cannot release; a service names the user", async ({
  page,
  request,
}) => {
  const userId = newUserId("own");
  await signIn(page, userId);
  const other = await page.request.post("/api/usage/consume", { data: { ...FIELD, userId: "demo" } });
  expect(other.status()).toBe(403);
  const release = await page.request.post("/api/usage/release", { data: { ...FIELD, userId } });
  expect(release.status()).toBe(403);

  expect((await request.post("/api/usage/consume", { data: FIELD, headers: KEY })).status()).toBe(400);
  const charged = await request.post("/api/usage/consume", { data: { ...FIELD, amount: 40, userId }, headers: KEY });
  expect(await charged.json()).toMatchObject({ allowed: true, used: 40 });
  const released = await request.post("/api/usage/release", { data: { ...FIELD, amount: 15, userId }, headers: KEY });
  expect(await released.json()).toMatchObject({ used: 25, givenBack: 15 });
});

test("a write with our cookie from another origin is refused", async ({ page }) => {
  await signIn(page, newUserId("csrf"));
  const response = await page.request.post("/api/usage/consume", {
    data: FIELD,
    headers: { origin: "https://evil.example" },
  });
  expect(response.status()).toBe(403);
  expect(await meterOf(page.request, "writer")).toMatchObject({ used: 0 });
});

test("bad input gets a 400 that names the field, and counts nothing", async ({ page }) => {
  await signIn(page, newUserId("input"));
  const bodies: [unknown, string | undefined][] = [
    [{ field: "words_used", amount: 0 }, "amount"],
    [{ field: "words_used", amount: -1 }, "amount"],
    [{ field: "words_used", amount: 1.5 }, "amount"],
    [{ field: "words_used", amount: "1" }, "amount"],
    [{ field: "words_used", amount: null }, "amount"],
    [{ field: "words_used", amount: 2 ** 53 }, "amount"],
    [{ field: "words_used; drop table subscriptions", amount: 1 }, "field"],
    [{ amount: 1 }, "field"],
    [{ field: "words_used", amout: 1 }, "amout"],
    [[], undefined],
  ];
  for (const [body, field] of bodies) {
    const response = await page.request.post("/api/usage/consume", { data: JSON.stringify(body) });
    expect(response.status(), JSON.stringify(body)).toBe(400);
    const answer = await response.json();
    expect(answer.error).toEqual(expect.any(String));
    expect(answer.field).toBe(field);
  }
  const gauge = await page.request.post("/api/usage/consume", { data: { field: "chatbots_count" } });
  expect(await gauge.json()).toMatchObject({ reason: "field_is_gauge" });
  expect((await page.request.post("/api/usage/consume", { data: "{" })).status()).toBe(400);
  expect(await meterOf(page.request, "writer")).toMatchObject({ used: 0 });

  const keyed = (amount: number) =>
    page.request.post("/api/usage/consume", { data: { field: "words_used", amount, idempotencyKey: "k" } });
  expect((await keyed(5)).status()).toBe(200);
  expect(await (await keyed(5)).json()).toMatchObject({ used: 5 });
  expect((await keyed(6)).status()).toBe(409);
  expect((await consume(page.request, "words_used", 1)).body).toMatchObject({ used: 6 });
});

test("an admin links a customer and replays an event; other users get 404", async ({ page, request }) => {
  const userId = newUserId("linked");
  const price = { product: "writer", plan: "basic", interval: "monthly" } as const;
  const event = fakeStripeSubscription({ id: `sub_${userId}`, userId, price, startsAt: Date.now() }).created();
  const unlinked = JSON.parse(JSON.stringify(event).replace(`"user_id":"${userId}"`, '"other":""'));
  expect(await postStripe(request, unlinked)).toMatchObject({ outcome: "deferred", reason: "unknown_user" });

  const link = { processor: "stripe", customerId: `cus_${userId}`, userId };
  const replay = `/api/admin/events/stripe/${event.id}/replay`;
  expect((await request.post("/api/admin/links", { data: link })).status()).toBe(401);
  await signIn(page, userId);
  expect((await page.request.post("/api/admin/links", { data: link })).status()).toBe(404);
  expect((await page.request.post(replay)).status()).toBe(404);

  await signIn(page, "admin");
  const linked = await page.request.post("/api/admin/links", { data: link });
  expect(await linked.json()).toEqual({ linked: true, events: [{ id: event.id, outcome: "applied" }] });
  const conflict = await page.request.post("/api/admin/links", { data: { ...link, userId: "demo" } });
  expect(conflict.status()).toBe(409);
  expect(await (await page.request.post(replay)).json()).toMatchObject({ outcome: "duplicate" });
  expect((await page.request.post("/api/admin/events/stripe/evt_nothing/replay")).status()).toBe(404);

  await signIn(page, userId);
  expect(await subscriptionOf(page.request, "writer")).toMatchObject({ plan: "basic" });
});

test("an unknown path, and a cron job without its secret, get a 404 in JSON", async ({ request }) => {
  for (const path of ["/api/nothing", "/api/nothing/at/all", "/api/cron/retry"]) {
    const response = await request.get(path);
    expect(response.status(), path).toBe(404);
    expect(await response.json()).toMatchObject({ reason: "not_found" });
    expect(response.headers()["cache-control"]).toContain("no-store");
  }
});

test("a webhook without a valid signature changes nothing", async ({ page }) => {
  const userId = newUserId("unsigned");
  await signIn(page, userId);
  const price = { product: "writer", plan: "ultra", interval: "monthly" } as const;
  const event = fakeStripeSubscription({ id: `sub_${userId}`, userId, price, startsAt: Date.now() }).created();
  for (const signature of [undefined, "t=1,v1=00", `t=${Math.floor(Date.now() / 1000)},v1=${"0".repeat(64)}`]) {
    const response = await page.request.post("/api/webhook/stripe", {
      data: JSON.stringify(event),
      headers: signature === undefined ? {} : { "stripe-signature": signature },
    });
    expect(response.status()).toBe(400);
  }
  const wellFormed = `t=${Math.floor(Date.now() / 1000)},v1=${"0".repeat(64)}`;
  const big = (headers: Record<string, string>) =>
    page.request.post("/api/webhook/stripe", { data: Buffer.alloc(1024 * 1024 + 1, 97), headers });
  // Without a well-formed signature header the body is not read.
  expect((await big({})).status()).toBe(400);
  expect((await big({ "stripe-signature": wellFormed })).status()).toBe(413);
  expect(await meterOf(page.request, "writer")).toMatchObject({ limit: 500 });
});
