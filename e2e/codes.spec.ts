/** A promotion code, from the pricing page to a refunded and disputed invoice. */
import { expect, type Page, test } from "@playwright/test";
import { expectAccessible, expectNoSidewaysScroll } from "./support/page-checks";
import { newUserId, signIn, subscriptionOf } from "./support/users";

const LINK = "/pricing?product=writer&code=spring";
const choose = (page: Page) => page.getByRole("button", { name: "Choose Plus" });

test("a code stays through sign-in and checkout, and appears in the preview and on the invoices", async ({ page }) => {
  await page.goto(LINK);
  await expect(page.getByText("Code spring is checked at checkout")).toBeVisible();
  await expectAccessible(page);
  const next = await page.getByRole("link", { name: "Choose Plus" }).getAttribute("href");
  expect(new URL(next ?? "", "http://localhost").searchParams.get("next")).toBe(`${LINK}&choose=writer.plus`);

  await signIn(page, newUserId("code"));
  await page.goto(LINK);
  await choose(page).click();
  await page.waitForURL(/\/sandbox\/stripe\/checkout\//);
  await expect(page.getByText("Code SPRING")).toBeVisible();
  await page.getByRole("button", { name: "Pay $15.99 with 4242" }).click();
  await page.waitForURL(/\/billing/);
  await expect.poll(async () => (await subscriptionOf(page.request, "writer")).plan).toBe("plus");

  await page.goto("/billing");
  await expect(page.getByRole("region", { name: "Writer Plus" })).toContainText("20% off (code SPRING)");

  await page.goto("/billing/change?product=writer&plan=ultra&interval=monthly");
  await expect(page.getByText("Your discount continues: Spring, 20% off, with code SPRING.")).toBeVisible();
  await expectAccessible(page);

  await page.goto("/billing/invoices");
  await expect(page.getByText("after $4 discount")).toBeVisible();
  await page.getByRole("link", { name: "View invoice" }).click();
  await page.getByRole("button", { name: "Refund half" }).click();
  await expect(page.getByText("$7.99 was refunded.")).toBeVisible();
  await page.getByRole("button", { name: "Open a dispute" }).click();
  await page.getByRole("button", { name: "Lose" }).click();
  await expect(page.getByText("The business lost the dispute")).toBeVisible();
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
  await page.goto("/billing/invoices");
  await expect(page.getByText("$7.99 refunded")).toBeVisible();
  // The business decides about the plan after a refund: it stays.
  expect((await subscriptionOf(page.request, "writer")).plan).toBe("plus");
});

test("an invalid code is refused, and the plan can be bought without it", async ({ page }) => {
  await signIn(page, newUserId("wrong-code"));
  await page.goto("/pricing?product=writer&code=AUTUMN");
  await choose(page).click();
  await expect(page.getByRole("alert").filter({ hasText: "This promotion code is not valid" })).toBeVisible();
  await page.getByRole("link", { name: "Buy without it" }).click();
  await expect(page).toHaveURL(/\/pricing\?product=writer$/);
  await choose(page).click();
  await page.waitForURL(/\/sandbox\/stripe\/checkout\//);

  // Stripe's own field: an invalid code changes nothing, a valid code applies immediately.
  const field = page.getByRole("textbox", { name: "Promotion code" });
  await field.fill("nothing");
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "not valid" })).toBeVisible();
  await field.fill("welcome");
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page.getByRole("button", { name: "Pay $14.99 with 4242" })).toBeVisible();
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
});
