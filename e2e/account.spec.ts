/** The export and the erasure of an account; a live subscription prevents the erasure. */
import { expect, test } from "@playwright/test";
import { consoleProblems, expectAccessible, expectNoSidewaysScroll } from "./support/page-checks";
import { enterState } from "./support/states";
import { consume, meterOf, newUserId, signIn } from "./support/users";

test("the account is exported and erased, and its usage still counts after a new sign-in", async ({ page }) => {
  const userId = newUserId("leaver");
  const problems = consoleProblems(page);
  await signIn(page, userId);
  await consume(page.request, "words_used", 480);
  await page.goto("/account");
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);

  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download my data" }).click(),
  ]);
  expect(download.suggestedFilename()).toBe("tollgate-account.json");

  const erase = page.getByRole("button", { name: "Erase my account" });
  await expect(erase).toBeDisabled();
  await page.getByRole("checkbox").check();
  await erase.click();
  await page.waitForURL(/sign-out/);
  expect((await page.request.get("/api/subscription/usage")).status()).toBe(401);
  expect(problems).toEqual([]);

  await signIn(page, userId);
  expect(await meterOf(page.request, "writer")).toMatchObject({ used: 480 });
});

test("a live subscription prevents the erasure, and the page gives the reason", async ({ page }) => {
  await enterState(page, "active");
  await page.goto("/account");
  await page.getByRole("checkbox").check();
  await page.getByRole("button", { name: "Erase my account" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "A subscription is still running" })).toBeVisible();
  expect((await page.request.get("/api/subscription/usage")).status()).toBe(200);
});
