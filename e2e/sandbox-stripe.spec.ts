/** The fake Stripe over HTTP: its hosted pages, its deliveries and the clock. */
import { expect, type Page, test } from "@playwright/test";
import { consoleProblems, expectAccessible, expectNoSidewaysScroll, screenshot } from "./support/page-checks";
import { meterOf, newUserId, signIn, subscriptionOf } from "./support/users";

async function checkout(page: Page, plan = "plus"): Promise<string> {
  const response = await page.request.post("/api/checkout", { data: { product: "writer", plan } });
  expect(response.status()).toBe(200);
  return ((await response.json()) as { url: string }).url;
}

const card = (page: Page, number: string) => page.getByRole("button", { name: number });

async function subscribed(page: Page, number = "4242 4242 4242 4242"): Promise<void> {
  await page.goto(await checkout(page));
  await card(page, number).click();
  await page.waitForURL(/\/billing/);
  await expect.poll(async () => (await subscriptionOf(page.request, "writer")).plan).toBe("plus");
}

async function move(page: Page, move: Record<string, string>) {
  const response = await page.request.post("/api/sandbox/clock", { data: move });
  return { status: response.status(), body: await response.json() };
}

test("a checkout is paid with one press, and the plan arrives", async ({ page }, testInfo) => {
  await signIn(page, newUserId("payer"));
  const problems = consoleProblems(page);
  const url = await checkout(page);
  await page.goto(url);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Subscribe to Writer Plus");
  await expect(page.getByText("Sandbox: no money moves.").last()).toBeVisible();
  // A screenshot hides the caret by an inline style, which would be a hydration mismatch.
  await page.waitForLoadState("networkidle");
  for (const scheme of ["light", "dark"] as const) {
    await screenshot(page, scheme, "sandbox-checkout", testInfo);
    await expectAccessible(page);
  }
  await expectNoSidewaysScroll(page);

  await card(page, "4000 0000 0000 0002").click();
  await expect(page.getByRole("alert").filter({ hasText: "declined" })).toBeVisible();
  await card(page, "4000 0025 0000 3155").click();
  await expect(page.getByRole("heading", { name: "Your bank asks" })).toBeVisible();
  await screenshot(page, "light", "sandbox-challenge", testInfo);
  await expectAccessible(page);
  await page.getByRole("link", { name: "No, fail" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "authenticate" })).toBeVisible();
  expect((await subscriptionOf(page.request, "writer")).plan).toBe("free");
  await card(page, "4000 0025 0000 3155").click();
  await page.getByRole("button", { name: "Yes, complete" }).click();
  await page.waitForURL(/\/billing/);
  await expect.poll(async () => (await subscriptionOf(page.request, "writer")).plan).toBe("plus");

  await page.goto(url);
  await expect(page.getByRole("heading", { name: "This checkout is paid" })).toBeVisible();
  await expectAccessible(page);
  expect(problems).toEqual([]);
});

test("a checkout that is paid three times concurrently gives one subscription", async ({ page }) => {
  await signIn(page, newUserId("two-tabs"));
  const id = new URL(await checkout(page)).pathname.split("/").at(-1);
  const form = { card: "4242", email: "two@example.com" };
  const pay = () => page.request.post(`/api/sandbox/stripe/checkout/${id}`, { form, maxRedirects: 0 });
  const answers = await Promise.all([pay(), pay(), pay()]);
  expect(answers.map((answer) => answer.status())).toEqual([303, 303, 303]);
  await expect.poll(async () => (await subscriptionOf(page.request, "writer")).plan).toBe("plus");
  const { invoices } = await (await page.request.get("/api/invoices")).json();
  expect(invoices).toHaveLength(1);
});

test("a renewal that fails is paid on the invoice's page, and the portal changes the card", async ({
  page,
}, testInfo) => {
  await signIn(page, newUserId("failing"));
  await subscribed(page, "4000 0000 0000 0341");
  expect((await move(page, { by: "period" })).status).toBe(200);
  await expect.poll(async () => (await subscriptionOf(page.request, "writer")).status).toBe("past_due");

  const { invoices } = await (await page.request.get("/api/invoices")).json();
  await page.goto(invoices[0].url);
  await expect(page.getByText("Your card ending in 0341 is tried again on")).toBeVisible();
  for (const scheme of ["light", "dark"] as const) {
    await screenshot(page, scheme, "sandbox-invoice", testInfo);
    await expectAccessible(page);
  }
  await expectNoSidewaysScroll(page);
  const pdf = await page.request.get(invoices[0].pdf);
  expect((await pdf.body()).subarray(0, 8).toString()).toBe("%PDF-1.4");
  await card(page, "4242 4242 4242 4242").click();
  await expect(page.getByText("Paid").first()).toBeVisible();
  await expect.poll(async () => (await subscriptionOf(page.request, "writer")).status).toBe("active");

  const { url } = await (await page.request.post("/api/portal", { data: { product: "writer" } })).json();
  await page.goto(url);
  await expect(page.getByText("Your card ends in 4242")).toBeVisible();
  for (const scheme of ["light", "dark"] as const) {
    await screenshot(page, scheme, "sandbox-portal", testInfo);
    await expectAccessible(page);
  }
  await expectNoSidewaysScroll(page);
  await page.getByRole("button", { name: "Cancel Writer Plus" }).click();
  await expect(page.getByText("Canceled: it ends on")).toBeVisible();
  await expect.poll(async () => (await subscriptionOf(page.request, "writer")).cancelAt).not.toBeNull();
  await page.getByRole("button", { name: "Don’t cancel" }).click();
  await expect.poll(async () => (await subscriptionOf(page.request, "writer")).cancelAt).toBeNull();
});

test("the clock moves only the user's own time, never back, and only by known steps", async ({ page }) => {
  await signIn(page, newUserId("clock"));
  await subscribed(page);
  await page.request.post("/api/usage/consume", { data: { field: "words_used", amount: 700 } });
  const { body } = await move(page, { by: "period" });
  expect(body.events).toBeGreaterThan(3);
  expect(await meterOf(page.request, "writer")).toEqual({ used: 0, limit: 15_000, remaining: 15_000 });
  expect(await move(page, { to: "real" })).toMatchObject({
    status: 400,
    body: { reason: "clock_backwards", field: "to" },
  });
  expect(await move(page, { by: "year" })).toMatchObject({ status: 400, body: { field: "by" } });
  expect(await move(page, { to: "soon" })).toMatchObject({ status: 400, body: { field: "to" } });
  expect(await move(page, {})).toMatchObject({ status: 400, body: { field: "to" } });
  const others = await page.request.post("/api/admin/clock", { data: { userId: "demo", by: "day" } });
  expect(others.status()).toBe(404);
});

test("an admin moves the clock of any user", async ({ page }) => {
  const userId = newUserId("moved");
  await signIn(page, "admin");
  const to = new Date(Date.now() + 40 * 86_400_000).toISOString();
  const response = await page.request.post("/api/admin/clock", { data: { userId, to } });
  expect(response.status()).toBe(200);
  expect(Date.parse((await response.json()).now)).toBeGreaterThanOrEqual(Date.parse(to));
});

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });
  test("a checkout can be paid", async ({ page }) => {
    await signIn(page, newUserId("scriptless"));
    await page.goto(await checkout(page));
    await card(page, "4242 4242 4242 4242").click();
    await page.waitForURL(/\/billing/);
    await expect.poll(async () => (await subscriptionOf(page.request, "writer")).plan).toBe("plus");
  });
});
