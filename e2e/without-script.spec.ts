/** The pages are complete without script. */
import { expect, test } from "@playwright/test";
import { enterState } from "./support/states";
import { newUserId } from "./support/users";

test.use({ javaScriptEnabled: false });
test.skip(({ isMobile }) => isMobile, "the same on every screen");

test("a signed-out visitor signs in and returns to the requested page", async ({ page }) => {
  const userId = newUserId("scriptless");
  await page.goto("/billing");
  await expect(page).toHaveURL("/sign-in?next=%2Fbilling");
  await page.getByLabel("Or use any ID").fill(userId);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page).toHaveURL("/billing");

  const writer = page.getByRole("region", { name: "Writer Free" });
  await expect(writer.getByRole("meter", { name: "Words" })).toHaveAttribute("aria-valuetext", /0 of 500 words used/);
  await expect(writer).toContainText(/Resets in \d+:\d\d:\d\d/);
  await expect(writer).toContainText(/, on \w+ \d+ at 12:00.AM UTC/);
  await expect(page.getByRole("region", { name: "Chatbots Free" })).toContainText(/Resets in \d+ days/);
  const plans = writer.getByRole("listitem").filter({ hasText: "Ultra" });
  await expect(plans).toBeHidden();
  await writer.getByText("Compare Writer plans").click();
  await expect(plans).toContainText("$39.99 a month");

  await page.goto("/writer");
  expect(await page.locator("main noscript").innerHTML()).toContain("please turn on JavaScript");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.goto("/writer");
  await expect(page).toHaveURL("/sign-in?next=%2Fwriter");
});

test("a demo user signs in with one press", async ({ page }) => {
  await page.goto("/sign-in");
  await page.getByRole("button", { name: "Noor Haddad" }).click();
  await expect(page).toHaveURL("/billing");
  await expect(page.getByRole("main")).toContainText("You are within every limit.");
});

test("a meter at its limit links to the plan with a higher limit", async ({ page }) => {
  await enterState(page, "atLimit");
  await page.goto("/writer");
  await page.getByRole("link", { name: "See Plus: 15,000 words" }).click();
  await expect(page).toHaveURL("/pricing?product=writer&choose=writer.plus");
  await expect(page.getByRole("heading", { name: "Plus" })).toBeVisible();
});
