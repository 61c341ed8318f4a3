/** The usage page: charts, tables, periods and forecasts. */
import { expect, test } from "@playwright/test";
import { consoleProblems, expectAccessible, expectNoSidewaysScroll, screenshot } from "./support/page-checks";
import { enterState } from "./support/states";
import { consume, newUserId, signIn } from "./support/users";

test.use({ trace: "off" });

test.beforeEach(async ({ page }, { project }) => {
  if (project.name === "phone") await page.setViewportSize({ width: 390, height: 844 });
});

test("a month of use has bars, a limit, a forecast and a table", async ({ page }, testInfo) => {
  await signIn(page, "demo");
  const problems = consoleProblems(page);
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto("/usage");
  const words = page.getByRole("region", { name: "Words" });
  const chart = words.getByRole("img", { name: /^Words by day, .+ words used; most on .+ words\.$/ });
  await expect(chart).toBeVisible();
  await expect(chart).toContainText("Limit 15,000");
  await expect(words).toContainText(/At the pace of the last 7 days, about [\d,]+ words a day/);

  await words.getByText("Show words as a table").click();
  const rows = words.getByRole("table").getByRole("row");
  await expect(rows.nth(0)).toContainText("Total so far");
  const figures = await words.getByRole("cell").allInnerTexts();
  expect(figures.length).toBeGreaterThan(10);

  await expectNoSidewaysScroll(page);
  await screenshot(page, "light", "usage-months", testInfo);
  await expectAccessible(page);
  await screenshot(page, "dark", "usage-months", testInfo);
  await expectAccessible(page, ["color-contrast"]);
  expect(problems).toEqual([]);
});

test("the table adds up to the meter", async ({ page }) => {
  await signIn(page, "demo");
  await page.goto("/usage");
  const words = page.getByRole("region", { name: "Words" });
  const [, used = ""] = (await words.innerText()).match(/([\d,]+) of [\d,]+ words used/) ?? [];
  await words.getByText("Show words as a table").click();
  const newest = await words.getByRole("table").locator("tbody tr").first().getByRole("cell").last().innerText();
  expect(newest).toBe(used);
});

test("the address contains the period", async ({ page }) => {
  await signIn(page, "demo");
  await page.goto("/usage");
  const picker = page.getByRole("navigation", { name: "Days shown" });
  await expect(picker.getByRole("link", { name: "This period" })).toHaveAttribute("aria-current", "true");
  await picker.getByRole("link", { name: "90 days" }).click();
  await expect(page).toHaveURL("/usage?period=90-days");
  await expect(page.getByRole("region", { name: "Words" })).toContainText("words in 90 days");
  await page.goto("/usage?period=previous");
  await expect(picker.getByRole("link", { name: "Last period" })).toHaveAttribute("aria-current", "true");
});

test("a user without usage sees empty charts", async ({ page }) => {
  await signIn(page, newUserId("idle"));
  await page.goto("/usage");
  await expect(page.getByText("No messages used on these days.")).toBeVisible();
  await expect(page.getByText("No activity yet. Renewals and plan changes will appear here")).toBeVisible();
});

test("the page names the reached thresholds and the reset at a limit", async ({ page }) => {
  await enterState(page, "atLimit");
  await page.goto("/usage");
  const words = page.getByRole("region", { name: "Words" });
  await expect(words).toContainText(/Reached 80% on \w+ \d+ and 100% on \w+ \d+\./);
  await expect(words).toContainText(/Nothing is left. You can go on after the reset on \w+ \d+\./);
});

test("new usage appears without a reload", async ({ page }) => {
  await signIn(page, newUserId("idle-then-used"));
  await page.goto("/usage");
  await expect(page.getByText("No messages used on these days.")).toBeVisible();
  await consume(page.request, "messages_count", 7);
  // The page asks ten seconds after the user's last input.
  await page.getByRole("heading", { level: 1 }).click();
  await expect(page.getByRole("region", { name: "Messages" })).toContainText("7 of 100 messages used");
});

test.describe(() => {
  test.use({ javaScriptEnabled: false });

  test("charts and tables work without script", async ({ page }) => {
    await signIn(page, "demo");
    await page.goto("/usage?period=90-days");
    const words = page.getByRole("region", { name: "Words" });
    await expect(words.getByRole("img", { name: /^Words by day/ })).toBeVisible();
    await words.getByText("Show words as a table").click();
    await expect(words.getByRole("table")).toBeVisible();
  });
});
