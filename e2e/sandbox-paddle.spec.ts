/** The fake Paddle over HTTP: its pages, its API's access, its deliveries and the clock. */
import { expect, type Page, test } from "@playwright/test";
import { consoleProblems, expectAccessible, expectNoSidewaysScroll, screenshot } from "./support/page-checks";
import { meterOf, newUserId, signIn, subscriptionOf } from "./support/users";

async function checkout(page: Page, plan = "plus", product = "writer", processor = "paddle"): Promise<string> {
  const response = await page.request.post("/api/checkout", { data: { product, plan, processor } });
  expect(response.status()).toBe(200);
  return ((await response.json()) as { url: string }).url;
}

const card = (page: Page, number: string) => page.getByRole("button", { name: number });
const planOf = async (page: Page) => (await subscriptionOf(page.request, "writer")).plan;
const statusOf = async (page: Page) => (await subscriptionOf(page.request, "writer")).status;

async function subscribed(page: Page, number = "4242 4242 4242 4242", plan = "plus"): Promise<void> {
  await page.goto(await checkout(page, plan));
  await card(page, number).click();
  await page.waitForURL(/\/billing/);
  await expect.poll(() => planOf(page)).toBe(plan);
}

async function post(page: Page, path: string, data: object) {
  const response = await page.request.post(path, { data });
  return { status: response.status(), body: await response.json() };
}
const move = (page: Page, data: object) => post(page, "/api/sandbox/clock", data);

test("a checkout is paid with one press, and the plan arrives", async ({ page }, testInfo) => {
  await signIn(page, newUserId("paddle-payer"));
  const problems = consoleProblems(page);
  const url = await checkout(page);
  expect(new URL(url).pathname).toMatch(/^\/sandbox\/paddle\/checkout\/txn_\w{26}$/);
  await page.goto(url);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Subscribe to Writer Plus");
  await expect(page.getByText("Sandbox: no money moves.").last()).toBeVisible();
  await page.waitForLoadState("networkidle");
  for (const scheme of ["light", "dark"] as const) {
    await screenshot(page, scheme, "sandbox-paddle-checkout", testInfo);
    await expectAccessible(page);
  }
  await expectNoSidewaysScroll(page);

  await card(page, "4000 0000 0000 0002").click();
  await expect(page.getByRole("alert").filter({ hasText: "declined" })).toBeVisible();
  await card(page, "4000 0025 0000 3155").click();
  await expect(page.getByRole("heading", { name: "Your bank asks" })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("link", { name: "No, fail" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "authenticate" })).toBeVisible();
  expect(await planOf(page)).toBe("free");
  await card(page, "4000 0025 0000 3155").click();
  await page.getByRole("button", { name: "Yes, complete" }).click();
  await page.waitForURL(/\/billing/);
  await expect.poll(() => planOf(page)).toBe("plus");

  await page.goto(url);
  await expect(page.getByRole("heading", { name: "This checkout is paid" })).toBeVisible();
  await expectAccessible(page);
  expect(problems).toEqual([]);
});

test("an upgrade, a downgrade that the clock carries out, and the end", async ({ page }) => {
  await signIn(page, newUserId("paddle-journey"));
  await subscribed(page);
  await post(page, "/api/usage/consume", { field: "words_used", amount: 12_000 });
  const preview = await post(page, "/api/subscription/preview", { product: "writer", plan: "ultra" });
  expect(preview.body.dueNow.amount).toBeGreaterThan(0);
  expect((await post(page, "/api/subscription/change", { product: "writer", plan: "ultra" })).status).toBe(200);
  await expect.poll(() => planOf(page)).toBe("ultra");
  expect(await meterOf(page.request, "writer")).toEqual({ used: 12_000, limit: 35_000, remaining: 23_000 });

  const down = await post(page, "/api/subscription/change", { product: "writer", plan: "basic" });
  expect(down.body).toMatchObject({ outcome: "scheduled" });
  expect((await move(page, { by: "period" })).status).toBe(200);
  await expect.poll(() => planOf(page)).toBe("basic");
  expect(await meterOf(page.request, "writer")).toEqual({ used: 0, limit: 5_000, remaining: 5_000 });

  await post(page, "/api/subscription/cancel", { product: "writer" });
  await expect.poll(async () => (await subscriptionOf(page.request, "writer")).cancelAt).not.toBeNull();
  await move(page, { by: "period" });
  await expect.poll(() => planOf(page)).toBe("free");
  await subscribed(page, "4242 4242 4242 4242", "ultra");
});

test("a renewal that fails is paid on the card's page", async ({ page }, testInfo) => {
  await signIn(page, newUserId("paddle-failing"));
  await subscribed(page, "4000 0000 0000 0341");
  expect((await move(page, { by: "period" })).status).toBe(200);
  await expect.poll(() => statusOf(page)).toBe("past_due");
  const { body } = await post(page, "/api/portal", { product: "writer" });
  await page.goto(body.url);
  await expect(page.getByText("could not be charged to your card ending in 0341")).toBeVisible();
  for (const scheme of ["light", "dark"] as const) {
    await screenshot(page, scheme, "sandbox-paddle-payment", testInfo);
    await expectAccessible(page);
  }
  await expectNoSidewaysScroll(page);
  await card(page, "4000 0000 0000 0002").click();
  await expect(page.getByRole("alert").filter({ hasText: "declined" })).toBeVisible();
  await card(page, "4242 4242 4242 4242").click();
  await expect(page.getByText("Your card was changed.")).toBeVisible();
  await expect.poll(() => statusOf(page)).toBe("active");
  await expectAccessible(page);
});

test("a customer that an admin linked cancels and resumes in the portal", async ({ page }, testInfo) => {
  const userId = newUserId("paddle-portal");
  await signIn(page, userId);
  const url = await checkout(page);
  await page.goto(url);
  await card(page, "4242 4242 4242 4242").click();
  await page.waitForURL(/\/billing/);
  await expect.poll(() => planOf(page)).toBe("plus");
  // The ids of one customer have the same prefix.
  const customerId = `ctm_${url.match(/txn_(01[a-f\d]{16})/)?.[1]}00000000`;
  await signIn(page, "admin");
  await post(page, "/api/admin/links", { processor: "paddle", customerId, userId });
  await signIn(page, userId);
  const { body } = await post(page, "/api/portal", { product: "writer" });
  await page.goto(body.url);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Your subscriptions and payments");
  await page.waitForLoadState("networkidle");
  for (const scheme of ["light", "dark"] as const) {
    await screenshot(page, scheme, "sandbox-paddle-portal", testInfo);
    await expectAccessible(page);
  }
  await expectNoSidewaysScroll(page);
  const document = await page.request.get((await page.locator('a[href$="/pdf"]').getAttribute("href")) as string);
  expect((await document.body()).subarray(0, 8).toString()).toBe("%PDF-1.4");
  await page.getByRole("button", { name: "Cancel Writer Plus" }).click();
  await expect(page.getByText("Canceled: it ends on")).toBeVisible();
  await expect.poll(async () => (await subscriptionOf(page.request, "writer")).cancelAt).not.toBeNull();
  await page.getByRole("button", { name: "Don’t cancel" }).click();
  await expect.poll(async () => (await subscriptionOf(page.request, "writer")).cancelAt).toBeNull();
  await page.getByRole("link", { name: "Change card" }).click();
  await card(page, "4000 0000 0000 0341").click();
  await expect(page.getByText("Your card ends in 0341")).toBeVisible();
});

test("one user has subscriptions at both processors", async ({ page }) => {
  await signIn(page, newUserId("both"));
  await subscribed(page);
  await page.goto(await checkout(page, "growth", "chatbots", "stripe"));
  await card(page, "4242 4242 4242 4242").click();
  await page.waitForURL(/\/billing/);
  await expect.poll(async () => (await subscriptionOf(page.request, "chatbots")).processor).toBe("stripe");
  expect((await move(page, { by: "month" })).status).toBe(200);
  expect((await move(page, { by: "day" })).status).toBe(200);
  await expect.poll(async () => (await (await page.request.get("/api/invoices")).json()).invoices.length).toBe(4);
  const { invoices } = await (await page.request.get("/api/invoices")).json();
  const paddle = invoices.find(({ processor }: { processor: string }) => processor === "paddle");
  expect(paddle).toMatchObject({ status: "paid", total: { amount: 1_999 } });
  expect(await subscriptionOf(page.request, "writer")).toMatchObject({ plan: "plus", processor: "paddle" });
});

test("the fake API accepts only the server's own key", async ({ request }) => {
  const get = (headers: Record<string, string>) => request.get("/api/sandbox/paddle/v1/prices", { headers });
  expect((await get({})).status()).toBe(401);
  expect((await get({ authorization: "Bearer pdl_sdbx_apikey_tollgate_sandbox" })).status()).toBe(403);
});

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });
  test("a checkout can be paid", async ({ page }) => {
    await signIn(page, newUserId("paddle-scriptless"));
    await subscribed(page);
  });
});
