/** The plans page: for those who look, for those who have nothing, and for those who have a plan. */
import { expect, type Page, test } from "@playwright/test";
import { complaintsOf, expectAccessible, expectNoSidewaysScroll, shoot } from "./support/page-checks";
import { newUserId } from "./support/person";
import { enterState } from "./support/states";

test.use({ trace: "off" });

test.beforeEach(async ({ page }, { project }) => {
  if (project.name === "phone") await page.setViewportSize({ width: 390, height: 844 });
});

function plan(page: Page, product: string, name: string) {
  const list = page.getByRole("region", { name: product }).getByRole("listitem");
  return list.filter({ has: page.getByRole("heading", { level: 3, name: new RegExp(`^${name}`) }) });
}

test("a visitor may look, signs in, and returns to the chosen plan", async ({ page }) => {
  await page.goto("/pricing?interval=yearly");
  await expect(plan(page, "Writer", "Ultra")).toContainText("$399.90 a year");
  await expect(plan(page, "Writer", "Ultra")).toContainText("$79.98 less than monthly");
  await plan(page, "Writer", "Ultra").getByRole("link", { name: "Choose Ultra" }).click();
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await page.getByLabel("Or as anybody").fill(newUserId("chooser"));
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page).toHaveURL("/pricing?interval=yearly&choose=writer.ultra");
  await expect(plan(page, "Writer", "Ultra").getByRole("button", { name: "Choose Ultra" })).toBeVisible();
  await expect(plan(page, "Writer", "Free")).toContainText("Your plan");
});

test("the current plan is marked, and the obstacle to another plan is shown", async ({ page }, testInfo) => {
  const complaints = complaintsOf(page);
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
  await shoot(page, "light", "pricing-mine", testInfo);
  await expectAccessible(page);
  await shoot(page, "dark", "pricing-mine", testInfo);
  await expectAccessible(page, ["color-contrast"]);
  expect(complaints).toEqual([]);
});

test("yearly of the same plan is a change too", async ({ page }) => {
  await enterState(page, "active");
  await page.goto("/pricing?interval=yearly&product=writer");
  await expect(plan(page, "Writer", "Plus").getByRole("link", { name: "Pay yearly" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Chatbots" })).toBeHidden();
});

test("an open payment comes first", async ({ page }) => {
  await enterState(page, "pastDue");
  await page.goto("/pricing?product=writer");
  await expect(plan(page, "Writer", "Ultra")).toContainText("Your last payment is still open: pay it first.");
});

test("a strange address shows the usual", async ({ page }) => {
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
