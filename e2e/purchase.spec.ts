/** Purchases and plan changes over HTTP: the order of refusals, ownership, and the arrival of the plan. */
import { type APIRequestContext, expect, test } from "@playwright/test";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { newUserId, postStripe, signIn, subscriptionOf } from "./support/users";

const ROUTES = {
  "/api/checkout": { product: "writer", plan: "plus" },
  "/api/checkout/return": { checkout: crypto.randomUUID() },
  "/api/subscription/preview": { product: "writer", plan: "ultra" },
  "/api/subscription/change": { product: "writer", plan: "ultra" },
  "/api/subscription/cancel": { product: "writer" },
  "/api/subscription/resume": { product: "writer" },
  "/api/portal": {},
} as const;

async function post(request: APIRequestContext, path: string, data: unknown) {
  const response = await request.post(path, { data });
  return { status: response.status(), body: await response.json() };
}

/** Posts the form of the hosted page. */
async function pay(request: APIRequestContext, url: string, card = "4242") {
  const { origin, pathname } = new URL(url);
  const response = await request.post(`/api${pathname}`, {
    form: { card, email: "ada@example.com", name: "Ada" },
    headers: { origin },
    maxRedirects: 0,
  });
  expect(response.status()).toBe(303);
  return response.headers().location ?? "";
}

async function buy(request: APIRequestContext, plan: string) {
  const { body } = await post(request, "/api/checkout", { product: "writer", plan });
  await pay(request, body.url);
  await expect.poll(async () => (await subscriptionOf(request, "writer")).plan).toBe(plan);
  return body as { url: string; checkout: string };
}

test("a request without identity gets 401, and one from another origin 403", async ({ request, page }) => {
  await signIn(page, newUserId("purchase-csrf"));
  for (const [path, data] of Object.entries(ROUTES)) {
    const anonymous = await request.post(path, { data });
    expect(anonymous.status(), path).toBe(401);
    expect(anonymous.headers()["cache-control"]).toContain("no-store");
    const foreign = await page.request.post(path, { data, headers: { origin: "https://evil.example" } });
    expect(foreign.status(), path).toBe(403);
  }
  for (const path of [
    "/api/invoices",
    "/api/invoices/paddle/txn_1",
    `/api/checkout/status?checkout=${crypto.randomUUID()}`,
  ]) {
    expect((await request.get(path)).status(), path).toBe(401);
  }
});

test("bad input names the field", async ({ page }) => {
  await signIn(page, newUserId("purchase-input"));
  const bad: [string, unknown, string][] = [
    ["/api/checkout", { product: "novel", plan: "plus" }, "product"],
    ["/api/checkout", { product: "writer" }, "plan"],
    ["/api/checkout", { product: "writer", plan: "growth" }, "plan"],
    ["/api/checkout", { product: "writer", plan: "free" }, "plan"],
    ["/api/checkout", { product: "writer", plan: "plus", interval: "weekly" }, "interval"],
    ["/api/checkout", { product: "writer", plan: "plus", processor: "paypal" }, "processor"],
    ["/api/checkout/return", { checkout: "cs_test_1" }, "checkout"],
    ["/api/subscription/change", { product: "writer", plan: "" }, "plan"],
    ["/api/subscription/cancel", { product: "writer", subscription: "sub_1" }, "subscription"],
    ["/api/portal", { customer: "cus_1" }, "customer"],
  ];
  for (const [path, data, field] of bad) {
    expect(await post(page.request, path, data), `${path} ${JSON.stringify(data)}`).toMatchObject({
      status: 400,
      body: { field },
    });
  }
  expect(await post(page.request, "/api/checkout", { product: "writer", plan: "plus", userId: "demo" })).toMatchObject({
    status: 403,
    body: { reason: "another_user" },
  });
  const status = await page.request.get("/api/checkout/status?checkout=1");
  expect(status.status()).toBe(400);
});

test("too many chatbots are refused before an existing subscription, and before a checkout", async ({ page }) => {
  const userId = newUserId("purchase-order");
  await signIn(page, userId);
  const price = { product: "chatbots", plan: "growth", interval: "monthly" } as const;
  await postStripe(
    page.request,
    fakeStripeSubscription({ id: `sub_${userId}`, userId, price, startsAt: Date.now() }).created(),
  );
  for (let each = 0; each < 5; each += 1) await page.request.post("/api/chatbots", { data: { name: `bot ${each}` } });
  expect(await post(page.request, "/api/checkout", { product: "chatbots", plan: "starter" })).toEqual({
    status: 400,
    body: { error: "Please delete 2 chatbot(s) to switch to Starter", reason: "chatbot_limit_exceeded" },
  });
  expect(await post(page.request, "/api/checkout", { product: "chatbots", plan: "business" })).toMatchObject({
    status: 409,
    body: { reason: "already_subscribed" },
  });
});

test("after the payment the plan arrives once, and only for its buyer", async ({ page, browser }) => {
  await signIn(page, newUserId("purchase-own"));
  const twice = await Promise.all([1, 2].map(() => post(page.request, "/api/checkout", ROUTES["/api/checkout"])));
  expect(new Set(twice.map(({ body }) => body.url)).size).toBe(1);
  const { checkout } = await buy(page.request, "plus");
  expect(await post(page.request, "/api/checkout/return", { checkout })).toMatchObject({
    status: 200,
    body: { status: "active", plan: "plus" },
  });
  expect(await post(page.request, "/api/checkout", { product: "writer", plan: "ultra" })).toMatchObject({
    status: 409,
    body: { reason: "already_subscribed", plan: "plus" },
  });
  const { invoices } = await (await page.request.get("/api/invoices")).json();
  expect(invoices).toMatchObject([{ processor: "stripe", status: "paid", total: { amount: 1_999, currency: "USD" } }]);

  const stranger = await browser.newContext();
  const other = await stranger.newPage();
  await signIn(other, newUserId("purchase-stranger"));
  expect(await post(other.request, "/api/checkout/return", { checkout })).toMatchObject({ status: 404 });
  expect((await other.request.get(`/api/checkout/status?checkout=${checkout}`)).status()).toBe(404);
  expect((await other.request.get(`/api/invoices/stripe/${invoices[0].id}`)).status()).toBe(404);
  expect(await (await other.request.get("/api/invoices")).json()).toEqual({ invoices: [], unavailable: [] });
  expect(await post(other.request, "/api/portal", {})).toMatchObject({ status: 404, body: { reason: "no_customer" } });
  for (const path of ["cancel", "resume"]) {
    expect(await post(other.request, `/api/subscription/${path}`, { product: "writer" })).toMatchObject({
      status: 409,
      body: { reason: "not_subscribed" },
    });
  }
  await stranger.close();
});

test("a plan is changed now and for the period's end, undone, canceled and resumed", async ({ page }) => {
  await signIn(page, newUserId("purchase-change"));
  await buy(page.request, "plus");
  const of = (plan: string) => ({ product: "writer", plan });
  const writer = () => subscriptionOf(page.request, "writer");

  const preview = await post(page.request, "/api/subscription/preview", of("ultra"));
  expect(preview).toMatchObject({
    status: 200,
    body: { timing: "now", dueNow: { currency: "USD" }, usage: { effect: "preserve" } },
  });
  expect(await post(page.request, "/api/subscription/change", of("ultra"))).toMatchObject({
    body: { outcome: "pending" },
  });
  await expect.poll(async () => (await writer()).plan).toBe("ultra");

  expect(await post(page.request, "/api/subscription/change", of("basic"))).toMatchObject({
    body: { outcome: "scheduled", effectiveAt: (await writer()).periodEnd },
  });
  expect(await writer()).toMatchObject({ plan: "ultra", scheduledPlan: "basic" });
  expect(await post(page.request, "/api/subscription/resume", { product: "writer" })).toMatchObject({
    body: { outcome: "undone" },
  });
  expect(await writer()).toMatchObject({ scheduledPlan: null });

  await post(page.request, "/api/subscription/cancel", { product: "writer" });
  await expect.poll(async () => (await writer()).cancelAt).not.toBeNull();
  await post(page.request, "/api/subscription/resume", { product: "writer" });
  await expect.poll(async () => (await writer()).cancelAt).toBeNull();
});
