/** The pricing page for visitors, for users without a subscription, and for subscribers. */
import { expect, type Page, test } from "@playwright/test";
import { consoleProblems, expectAccessible, expectNoSidewaysScroll, screenshot } from "./support/page-checks";
import { enterState } from "./support/states";
import { newUserId } from "./support/users";

test.use({ trace: "off" });

test.beforeEach(async ({ page }, { project }) => {
  if (project.name === "phone") await page.setViewportSize({ width: 390, height: 844 });
});

function plan(page: Page, product: string, name: string) {
  const list = page.getByRole("region", { name: product }).getByRole("listitem");
  return list.filter({ has: page.getByRole("heading", { level: 3, name: new RegExp(`^${name}`) }) });
}

test("a visitor sees the plans, and returns to the chosen plan after signing in", async ({ page }) => {
  await page.goto("/pricing?interval=yearly");
  await expect(plan(page, "Writer", "Ultra")).toContainText("$399.90 a year");
  await expect(plan(page, "Writer", "Ultra")).toContainText("$79.98 less than monthly");
  await plan(page, "Writer", "Ultra").getByRole("link", { name: "Choose Ultra" }).click();
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await page.getByLabel("Or use any ID").fill(newUserId("chooser"));
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page).toHaveURL("/pricing?interval=yearly&choose=writer.ultra");
  await expect(plan(page, "Writer", "Ultra").getByRole("button", { name: "Choose Ultra" })).toBeVisible();
  await expect(plan(page, "Writer", "Free")).toContainText("Your plan");
});

test("the current plan is marked, and a blocked plan names its reason", async ({ page }, testInfo) => {
  const problems = consoleProblems(page);
  await page.emulateMedia({ colorScheme: "light" });
  await enterState(page, "manyChatbots");
  await page.goto("/pricing");
  await expect(plan(page, "Chatbots", "Growth")).toHaveAttribute("aria-current", "true");
  await expect(plan(page, "Chatbots", "Starter")).toContainText(
    "You have 5 chatbots and Starter allows 3: delete 2 to switch.",
  );
  await expect(plan(page, "Chatbots", "Starter").getByRole("link", { name: "Go to your chatbots" })).toBeVisible();
  await expect(plan(page, "Chatbots", "Business").getByRole("link", { name: "Switch to Business" })).toHaveAttribute(
    "href",
    "/billing/change?product=chatbots&plan=business&interval=monthly",
  );
  await expectNoSidewaysScroll(page);
  await screenshot(page, "light", "pricing-mine", testInfo);
  await expectAccessible(page);
  await screenshot(page, "dark", "pricing-mine", testInfo);
  await expectAccessible(page, ["color-contrast"]);
  expect(problems).toEqual([]);
});

test("the yearly price of the current plan is offered as a change", async ({ page }) => {
  await enterState(page, "active");
  await page.goto("/pricing?interval=yearly&product=writer");
  await expect(plan(page, "Writer", "Plus").getByRole("link", { name: "Pay yearly" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Chatbots" })).toBeHidden();
});

test("an open payment blocks plan changes", async ({ page }) => {
  await enterState(page, "pastDue");
  await page.goto("/pricing?product=writer");
  await expect(plan(page, "Writer", "Ultra")).toContainText("Your last payment is still open. Pay it first.");
});

test("an invalid address shows the defaults", async ({ page }) => {
  await page.goto("/pricing?product=__proto__&interval=daily&processor=cash&choose=writer.constructor");
  await expect(plan(page, "Writer", "Plus")).toContainText("$19.99 a month");
});

test.describe(() => {
  test.use({ javaScriptEnabled: false });

  test("the toggles work without script", async ({ page }) => {
    await page.goto("/pricing");
    await page.getByRole("navigation", { name: "Billed" }).getByRole("link", { name: "Yearly" }).click();
    await expect(page).toHaveURL("/pricing?interval=yearly");
    await expect(plan(page, "Chatbots", "Starter")).toContainText("$190 a year");
  });
});
