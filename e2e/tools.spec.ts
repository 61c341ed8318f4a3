/** Both reference products, used by hand. */
import { expect, type Page, test } from "@playwright/test";
import { expectAccessible, expectNoSidewaysScroll, shoot } from "./support/page-checks";
import { newUserId, signIn } from "./support/person";

function meter(page: Page, name: string) {
  return page.getByRole("meter", { name, exact: true });
}

/** The first control reacts only when the page is alive. */
async function open(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await page.waitForLoadState("networkidle");
}

test("chatbots: make one, be refused another, talk to it, delete it", async ({ page }, testInfo) => {
  await signIn(page, newUserId("bots"));
  await open(page, "/chatbots");
  await expect(page.getByText("No chatbots yet.")).toBeVisible();

  await page.getByLabel("Name of a new chatbot").fill("Support");
  await page.getByRole("button", { name: "Create" }).click();
  const support = page.getByRole("region", { name: "Support" });
  await expect(support).toBeVisible();
  await expect(meter(page, "Chatbots")).toHaveAttribute("aria-valuenow", "1");
  await expect(page.getByLabel("Name of a new chatbot")).toHaveValue("");

  await page.getByLabel("Name of a new chatbot").fill("Sales");
  await page.getByRole("button", { name: "Create" }).click();
  const refusal = page.getByRole("main").getByRole("alert");
  await expect(refusal).toContainText("1");
  await expect(refusal.getByRole("link", { name: "See your plan" })).toHaveAttribute("href", "/billing");
  await expect(page.getByLabel("Name of a new chatbot")).toHaveValue("Sales");

  await support.getByLabel("Message to Support").fill("When do you open?");
  await support.getByRole("button", { name: "Send" }).click();
  await expect(support.getByRole("log")).toContainText(/You: When do you open\?.*Support: /s);
  await expect(meter(page, "Messages")).toHaveAttribute("aria-valuenow", "1");
  await shoot(page, "dark", "chatbots-used", testInfo);
  await shoot(page, "light", "chatbots-used", testInfo);
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);

  await support.getByRole("button", { name: "Delete Support" }).click();
  await expect(support).toBeVisible();
  await support.getByRole("button", { name: "Delete for good Support" }).click();
  await expect(support).toBeHidden();
  await expect(meter(page, "Chatbots")).toHaveAttribute("aria-valuenow", "0");
  await expect(meter(page, "Messages")).toHaveAttribute("aria-valuenow", "1");
  await expect(refusal).toBeHidden();
});

test("writer: rewrite a text, be refused the next, keep it", async ({ page }, testInfo) => {
  await signIn(page, newUserId("texts"));
  await open(page, "/writer");
  const text = `We utilize ${"it ".repeat(298)}`;
  await page.getByLabel("Your text").fill(text);
  await expect(page.getByText("300 words. 200 left afterwards.")).toBeVisible();
  await page.getByRole("button", { name: "Rewrite" }).click();
  await expect(page.getByRole("region", { name: "Result" })).toContainText("We use it");
  await expect(meter(page, "Words")).toHaveAttribute("aria-valuenow", "300");
  await expect(meter(page, "Transformations")).toHaveAttribute("aria-valuenow", "1");

  await expect(page.getByText("300 words. Only 200 left: shorten it by 100.")).toBeVisible();
  await page.getByRole("button", { name: "Not enough words left" }).click();
  const refusal = page.getByRole("main").getByRole("alert");
  await expect(refusal).toContainText("500");
  await expect(refusal.getByRole("link", { name: "See your plan" })).toBeVisible();
  await expect(page.getByLabel("Your text")).toHaveValue(text);
  await expect(meter(page, "Words")).toHaveAttribute("aria-valuenow", "300");
  await shoot(page, "dark", "writer-used", testInfo);
  await shoot(page, "light", "writer-used", testInfo);
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);

  await page.getByLabel("Your text").fill("Only four words here");
  await page.getByRole("button", { name: "Rewrite" }).click();
  await expect(refusal).toBeHidden();
  await expect(meter(page, "Words")).toHaveAttribute("aria-valuenow", "304");
});
