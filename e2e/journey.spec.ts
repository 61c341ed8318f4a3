/** From the pricing page to the renewal, with the buttons and links that a user presses. */
import { expect, type Page, test } from "@playwright/test";
import { consoleProblems, expectAccessible, expectNoSidewaysScroll, screenshot } from "./support/page-checks";
import { consume, newUserId, signIn } from "./support/users";

test.use({ trace: "off" });

test.beforeEach(async ({ page }, { project }) => {
  if (project.name === "phone") await page.setViewportSize({ width: 390, height: 844 });
});

const GOOD = "4242 4242 4242 4242";
const FAILS_LATER = "4000 0000 0000 0341";

const writer = (page: Page, plan: string) => page.getByRole("region", { name: `Writer ${plan}` });
const statusMessage = (page: Page) => page.getByRole("main").getByRole("status");

async function buy(page: Page, plan: string, card: string): Promise<void> {
  await page.goto("/pricing?product=writer");
  await page.getByRole("button", { name: `Choose ${plan}` }).click();
  await page.waitForURL(/\/sandbox\/stripe\/checkout\//);
  await page.getByRole("button", { name: card }).click();
  await page.waitForURL(/\/billing\?checkout=/);
}

async function choose(page: Page, plan: string, link: string): Promise<void> {
  await page.goto("/pricing?product=writer");
  const card = page.getByRole("listitem").filter({ has: page.getByRole("heading", { level: 3, name: plan }) });
  await card.getByRole("link", { name: link }).click();
  await page.waitForURL(/\/billing\/change\?/);
}

test("buy, use, upgrade, downgrade, undo the downgrade, cancel, resume, renew", async ({ page }, testInfo) => {
  const problems = consoleProblems(page);
  await page.emulateMedia({ colorScheme: "light" });
  await signIn(page, newUserId("journey"));

  await buy(page, "Plus", GOOD);
  await expect(statusMessage(page)).toContainText("Plus is active");
  await expect(writer(page, "Plus")).toContainText("0 of 15,000 words used");
  await expect(page.getByRole("region", { name: "Invoices" })).toContainText("$19.99");
  await expectAccessible(page);
  await consume(page.request, "words_used", 3_000);
  await expect(writer(page, "Plus")).toContainText("3,000 of 15,000 words used");

  await choose(page, "Ultra", "Switch to Ultra");
  const main = page.getByRole("main");
  await expect(main).toContainText("3,000 used of 15,000 words");
  await expect(main).toContainText("3,000 used of 35,000 words, 32,000 left");
  await expect(main).toContainText("Your usage stays counted");
  await expectNoSidewaysScroll(page);
  for (const scheme of ["light", "dark"] as const) {
    await screenshot(page, scheme, "change-preview", testInfo);
    await expectAccessible(page);
  }
  await page.getByRole("button", { name: /^Pay \$[\d.]+ and switch to Ultra$/ }).click();
  await expect(writer(page, "Ultra")).toContainText("3,000 of 35,000 words used");
  await expect(statusMessage(page)).toContainText("Your change is complete");

  await choose(page, "Basic", "Switch to Basic");
  await expect(main).toContainText("Nothing changes before");
  await page.getByRole("button", { name: "Schedule switch to Basic" }).click();
  await expect(writer(page, "Ultra")).toContainText("You switch to Basic at the end of this period");
  await screenshot(page, "light", "scheduled-change", testInfo);
  await expectAccessible(page);
  await page.getByRole("button", { name: "Keep Ultra" }).click();
  await expect(statusMessage(page)).toContainText("Your plan stays as it was.");
  await expect(writer(page, "Ultra")).not.toContainText("You switch to Basic");

  await page.getByRole("button", { name: "More for Writer Ultra" }).click();
  await page.getByRole("menuitem", { name: "Pay yearly" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Switch to Ultra, paid yearly");
  await expect(main).toContainText("A new period starts today.");

  await page.goto("/billing/cancel?product=writer");
  await page.getByRole("button", { name: "Cancel Ultra" }).click();
  await expect(writer(page, "Ultra")).toContainText("Ultra is canceled");
  await expect(statusMessage(page)).toContainText("Your change is complete");
  await page.getByRole("button", { name: "Keep Ultra" }).click();
  await expect(writer(page, "Ultra")).not.toContainText("Canceled");

  const sandbox = page.getByRole("complementary", { name: "Sandbox" });
  await sandbox.getByRole("button", { name: "Move my clock to the period’s end" }).click();
  await expect(sandbox.getByRole("status")).toContainText("arrived.");
  await expect(writer(page, "Ultra")).toContainText("0 of 35,000 words used");
  await expect(page.getByRole("region", { name: "Recent activity" })).toContainText("your plan renewed.");
  expect(problems).toEqual([]);
});

test("after a failed renewal the card leads to the payment page", async ({ page }, testInfo) => {
  await page.emulateMedia({ colorScheme: "light" });
  await signIn(page, newUserId("past-due"));
  await buy(page, "Plus", FAILS_LATER);
  await expect(writer(page, "Plus")).toBeVisible();
  const sandbox = page.getByRole("complementary", { name: "Sandbox" });
  await sandbox.getByRole("button", { name: "Move my clock to the period’s end" }).click();
  await expect(writer(page, "Plus")).toContainText("Your last payment failed");
  await expect(page.getByRole("region", { name: "Invoices" })).toContainText("Open");
  await expect(page.getByRole("main")).not.toContainText("Plus is active");
  await screenshot(page, "light", "renewal-failed", testInfo);
  await expectAccessible(page);
  await writer(page, "Plus").getByRole("button", { name: "Fix payment" }).click();
  await page.waitForURL(/\/sandbox\/stripe\/invoice\//);
});

test("a double press and two tabs open one checkout", async ({ page, context }) => {
  await signIn(page, newUserId("twice"));
  const other = await context.newPage();
  await Promise.all([page.goto("/pricing?product=writer"), other.goto("/pricing?product=writer")]);
  const press = async (tab: Page) => {
    await tab.getByRole("button", { name: "Choose Plus" }).dblclick();
    await tab.waitForURL(/\/sandbox\/stripe\/checkout\//);
    return new URL(tab.url()).pathname;
  };
  const [one, two] = await Promise.all([press(page), press(other)]);
  expect(one).toBe(two);
});

test.describe(() => {
  test.use({ javaScriptEnabled: false });

  test("a plan is bought and canceled without script", async ({ page }) => {
    await signIn(page, newUserId("plain"));
    await buy(page, "Basic", GOOD);
    await expect(writer(page, "Basic")).toContainText("0 of 5,000 words used");
    await page.goto("/billing/invoices");
    await expect(page.getByRole("main")).toContainText("$9.99");
    await page.goto("/billing/cancel?product=writer");
    await page.getByRole("button", { name: "Cancel Basic" }).click();
    await expect(page).toHaveURL(/\/billing\?changed=pending/);
  });
});
