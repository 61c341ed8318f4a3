/** The admin pages and routes; other users get 404. */
import { expect, type Page, test } from "@playwright/test";
import { sign as signPaddle } from "@/lib/sandbox/event-builders/paddle/events";
import { fakePaddleSubscription } from "@/lib/sandbox/event-builders/paddle/fake-subscription";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { SCENARIO_IDS, SCENARIOS } from "@/lib/sandbox/scenarios/scenarios";
import { consoleProblems, expectAccessible, expectNoSidewaysScroll, screenshot } from "./support/page-checks";
import { consume, newUserId, postStripe, signIn, subscriptionOf } from "./support/users";

const PLUS = { product: "writer", plan: "plus", interval: "monthly" } as const;
const DAY_MS = 86_400_000;

test.beforeEach(async ({ page }, { project }) => {
  if (project.name === "phone") await page.setViewportSize({ width: 390, height: 844 });
});

/** A Plus subscriber with 1,200 words used; the admin is signed in afterwards. */
async function subscriber(page: Page, name: string) {
  const userId = newUserId(name);
  await signIn(page, userId);
  const fake = fakeStripeSubscription({ id: `sub_${userId}`, userId, price: PLUS, startsAt: Date.now() - 10 * DAY_MS });
  const created = fake.created();
  await postStripe(page.request, created);
  await consume(page.request, "words_used", 1_200);
  await signIn(page, "admin");
  return { userId, fake, created };
}

test("pages and routes answer 404 to other users and 401 without identity", async ({ page, request }) => {
  const routes = [
    "/api/admin/events",
    "/api/admin/audit",
    "/api/admin/decisions?userId=demo",
    "/api/test/webhook-simulation",
  ];
  const writes = ["/api/admin/overrides", "/api/admin/reconcile", "/api/admin/sync", "/api/admin/events/replay"];
  const simulate = ["/api/test/webhook-simulation", "/api/test/check-functions"];
  for (const path of routes) expect((await request.get(path)).status(), path).toBe(401);
  for (const path of [...writes, ...simulate])
    expect((await request.post(path, { data: {} })).status(), path).toBe(401);
  const redirected = await request.get("/admin", { maxRedirects: 0 });
  expect(redirected.status()).toBe(307);

  await signIn(page, newUserId("curious"));
  for (const path of routes) expect((await page.request.get(path)).status(), path).toBe(404);
  for (const path of [...writes, ...simulate])
    expect((await page.request.post(path, { data: {} })).status(), path).toBe(404);
  for (const path of ["/admin", "/admin/users", "/admin/users/demo", "/admin/events", "/admin/simulation"]) {
    const response = await page.goto(path);
    expect(response?.status(), path).toBe(404);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("There is nothing here");
    await expect(page.getByRole("navigation", { name: "Admin" })).toHaveCount(0);
  }
});

test("every scenario passes on the page, as a dry run and for real", async ({ page, isMobile }) => {
  test.skip(isMobile, "the same on every screen");
  const { userId } = await subscriber(page, "played");
  await page.goto(`/admin/simulation?userId=${userId}`);
  for (const [dry, ids] of [
    [true, SCENARIO_IDS],
    [false, SCENARIO_IDS],
  ] as const) {
    for (const id of ids) {
      await page.getByLabel("Scenario").selectOption(id);
      await page.getByLabel(/Dry run/).setChecked(dry);
      await page.getByRole("button", { name: "Run" }).click();
      const result = page.getByRole("main");
      await expect(result.getByText(SCENARIOS[id].expects.description)).toHaveCount(2);
      await expect(result.getByText("Passed", { exact: true }), id).toBeVisible();
      await expect(result.getByText("nothing was changed")).toHaveCount(dry ? 1 : 0);
    }
  }
});

test("the documents' example has its documented result", async ({ page }) => {
  const { userId } = await subscriber(page, "document");
  const response = await page.request.post("/api/test/webhook-simulation", {
    data: {
      userId,
      scenario: "plan_change_preserve_usage",
      customData: { newPlan: "Ultra", newLimit: 35000 },
    },
  });
  expect(await response.json()).toMatchObject({
    passed: true,
    decision: { action: "preserve", reason: "Plan change mid-cycle detected" },
    before: { plan: "plus", meters: [{ used: 1_200, limit: 15_000 }, {}] },
    after: { plan: "ultra", meters: [{ used: 1_200, limit: 35_000, remaining: 33_800 }, {}] },
  });
  const bad = await page.request.post("/api/test/webhook-simulation", { data: { userId, scenario: "nothing" } });
  expect(bad.status()).toBe(400);
  expect(await bad.json()).toMatchObject({ field: "scenario" });
  const checked = await page.request.post("/api/test/check-functions");
  expect(await checked.json()).toMatchObject({ ok: true });
});

test("a deferred event names the missing link, and is applied after the link", async ({ page }) => {
  const userId = newUserId("unlinked");
  await signIn(page, userId);
  const startsAt = Date.now() - DAY_MS;
  const fake = fakePaddleSubscription({
    id: `sub_${userId}`,
    price: PLUS,
    startsAt,
    customData: { user_id: userId },
  });
  const created = fake.created();
  const raw = JSON.stringify(created);
  const signature = signPaddle(raw, "pdl_ntfset_tollgate_sandbox", Math.floor(Date.now() / 1000));
  const headers = { "content-type": "application/json", "paddle-signature": signature };
  const answer = await page.request.post("/api/webhook/paddle", { data: Buffer.from(raw), headers });
  expect(await answer.json()).toMatchObject({ outcome: "deferred" });

  await signIn(page, "admin");
  await page.goto(`/admin/events?outcome=deferred&userId=${userId}`);
  await expect(page.getByText(`The browser named ${userId}`)).toBeVisible();
  await page.getByRole("link", { name: "subscription.created" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("subscription.created");
  await page.getByRole("button", { name: "Link" }).click();
  await expect(page.getByText("Usage reset:")).toBeVisible();
  await expect(page.getByText("applied", { exact: true })).toBeVisible();

  await signIn(page, userId);
  expect(await subscriptionOf(page.request, "writer")).toMatchObject({ plan: "plus", processor: "paddle" });
});

test("events are replayed, and the audit log names the admin", async ({ page }) => {
  const { created, userId } = await subscriber(page, "replayed");
  await page.goto(`/admin/events?userId=${userId}&type=customer.subscription`);
  await page.getByRole("button", { name: "Replay selected" }).click();
  await expect(page.getByText("Select the events to replay first.")).toBeVisible();
  await page.getByLabel(`Replay ${created.id}`).check();
  await page.getByRole("button", { name: "Replay selected" }).click();
  await expect(page.getByText("Replayed 1: 1 duplicate.")).toBeVisible();
  const { acts } = await (await page.request.get("/api/admin/audit")).json();
  expect(acts).toContainEqual(
    expect.objectContaining({
      actor: "admin",
      act: "event.replayed",
      details: { processor: "stripe", eventId: created.id, outcome: "duplicate" },
    }),
  );
});

test("a limit is granted and revoked; bad amounts change nothing", async ({ page }) => {
  const { userId } = await subscriber(page, "granted");
  await page.goto(`/admin/users/${userId}`);
  const form = page.getByRole("form", { name: "Grant a limit" });
  await form.getByLabel("Meter").selectOption("words_used");
  await form.getByLabel("Limit", { exact: true }).fill("50000");
  await form.getByLabel("Reason").fill("a launch");
  await form.getByRole("button", { name: "Grant" }).click();
  await expect(page.getByText("The limit is granted.")).toBeVisible();
  await expect(page.getByText(/words_used: 50,000, without end,\s+granted by admin \(a launch\)/)).toBeVisible();
  await expect(page.getByText("allows 50,000 words (limit override)")).toBeVisible();
  for (const limit of [-1, 1.5, "5", null, 2 ** 53]) {
    const refused = await page.request.post("/api/admin/overrides", { data: { userId, field: "words_used", limit } });
    expect(refused.status(), String(limit)).toBe(400);
    expect(await refused.json()).toMatchObject({ field: "limit" });
  }
  await page.getByRole("button", { name: "Revoke" }).click();
  await expect(page.getByText("allows 15,000 words from")).toBeVisible();
  await expect(page.getByRole("region", { name: "Audit log" }).last()).toContainText("override.revoked");
});

test("decisions, windows and a refusal are explained in sentences with their numbers", async ({ page }) => {
  const { userId, fake } = await subscriber(page, "explained");
  await postStripe(page.request, fake.planChanged("ultra", Date.now()));
  await page.goto(`/admin/users/${userId}?amount=34000`);
  const main = page.getByRole("main");
  await expect(main).toContainText("Writer: Ultra (active), billed monthly by Stripe, paid period to");
  await expect(main).toContainText(
    /Writer Ultra allows 35,000 words from .+ 1,200 used: 33,800 left\. 34,000 words would be refused\. It resets on/,
  );
  await expect(main).toContainText("your plan changed from Plus to Ultra, and your usage stays counted.");
  await expect(main).toContainText("1,200 of 15,000 words used before, 1,200 of 35,000 after.");
  await expect(main).toContainText(/began with a reset: no usage\. Reason: New subscription\./);
  await signIn(page, userId);
  await page.goto("/billing");
  await expect(page.getByRole("main")).toContainText("1,200 of 15,000 words used before, 1,200 of 35,000 after.");
});

test("keys open pages and select rows", async ({ page, isMobile }) => {
  test.skip(isMobile);
  await signIn(page, "admin");
  await page.goto("/admin");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Health");
  await expect(async () => {
    await page.keyboard.press("g");
    await page.keyboard.press("u");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Users", { timeout: 2_000 });
  }).toPass();
  await page.keyboard.press("/");
  await expect(page.getByLabel("ID, e-mail or name")).toBeFocused();
  await page.keyboard.type("maya");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/search=maya/);
  // The search loads the page again; its script may need a moment.
  await expect(async () => {
    await page.getByRole("heading", { level: 1 }).click();
    await page.keyboard.press("j");
    await expect(page.getByRole("link", { name: "demo", exact: true })).toBeFocused({ timeout: 2_000 });
  }).toPass();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("demo");
});

const PAGES = {
  health: "/admin",
  users: "/admin/users",
  user: "/admin/users/demo",
  events: "/admin/events",
  // The newest event of the demo user. Its id comes from the fake processor.
  event: "/admin/events?userId=demo",
  simulation: "/admin/simulation",
};

for (const [name, path] of Object.entries(PAGES)) {
  test(`admin ${name}: accessible, nothing cut off, light and dark`, async ({ page }, testInfo) => {
    const problems = consoleProblems(page);
    await signIn(page, "admin");
    await page.emulateMedia({ colorScheme: "light" });
    await page.goto(path);
    if (name === "event") {
      await page.locator('a[href^="/admin/events/stripe/"]').first().click();
      await expect(page.getByRole("heading", { level: 1 })).not.toHaveText("Events");
    }
    if (name === "simulation") {
      await page.getByRole("combobox", { name: "User", exact: true }).fill("demo");
      await page.getByRole("button", { name: "Run" }).click();
      await expect(page.getByText("Passed", { exact: true })).toBeVisible();
    }
    await expectNoSidewaysScroll(page);
    await screenshot(page, "light", `admin-${name}`, testInfo);
    await expectAccessible(page);
    await screenshot(page, "dark", `admin-${name}`, testInfo);
    await expectAccessible(page, ["color-contrast"]);
    expect(problems).toEqual([]);
  });
}
