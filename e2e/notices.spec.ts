/** Notices on the billing page: each appears once, until the user dismisses it. */
import { expect, test } from "@playwright/test";
import { expectAccessible, expectNoSidewaysScroll, screenshot } from "./support/page-checks";
import { consume, newUserId, signIn } from "./support/users";

test("80 % of a limit gives one notice until it is dismissed; the full limit gives another", async ({
  page,
}, testInfo) => {
  await signIn(page, newUserId("noticed"));
  await consume(page.request, "words_used", 400);
  await page.goto("/billing");
  const notices = page.getByRole("region", { name: "Notices" });
  await expect(notices).toContainText("80% of your words are used");
  await expect(notices).toContainText("You have used 400 of 500 words on Writer Free.");
  await page.reload();
  await expect(notices.getByRole("listitem")).toHaveCount(1);
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
  for (const scheme of ["light", "dark"] as const) await screenshot(page, scheme, "notices", testInfo);

  await notices.getByRole("button", { name: "Dismiss: 80% of your words are used" }).click();
  await expect(notices).toBeHidden();
  await consume(page.request, "words_used", 100);
  await page.reload();
  await expect(notices).toContainText("All your words are used");
  await expect(notices.getByRole("listitem")).toHaveCount(1);
});

test("a user cannot read or dismiss the notices of another user", async ({ page, request }) => {
  const userId = newUserId("private");
  await signIn(page, userId);
  await consume(page.request, "words_used", 400);
  const { notices } = await (await page.request.get("/api/notices")).json();
  expect(notices).toMatchObject([{ userId, kind: "near_limit", used: 400, limit: 500, current: true }]);

  expect((await request.get("/api/notices")).status()).toBe(401);
  expect((await request.post(`/api/notices/${notices[0].id}/dismiss`)).status()).toBe(401);
  await signIn(page, newUserId("stranger"));
  expect((await page.request.post(`/api/notices/${notices[0].id}/dismiss`)).status()).toBe(404);
  expect((await page.request.post("/api/notices/not-a-number/dismiss")).status()).toBe(404);
  expect(await (await page.request.get("/api/notices")).json()).toEqual({ notices: [] });
});

test("every answer has the request's id; health distinguishes alive from ready", async ({ request }) => {
  const forwarded = await request.get("/api/subscription/usage", { headers: { "x-request-id": "from-a-proxy-1" } });
  expect(forwarded.headers()["x-request-id"]).toBe("from-a-proxy-1");
  const generated = await request.get("/api/health");
  expect(generated.headers()["x-request-id"]).toMatch(/^[\w-]{36}$/);
  expect(await generated.json()).toEqual({ alive: true, ready: true, database: "answers" });
  expect(await (await request.get("/api/health?probe=live")).json()).toEqual({ alive: true });
});
