/** Both reference products, used on their pages. */
import { expect, type Page, test } from "@playwright/test";
import { expectAccessible, expectNoSidewaysScroll, screenshot } from "./support/page-checks";
import { enterState } from "./support/states";
import { newUserId, signIn, subscriptionOf } from "./support/users";

function meter(page: Page, name: string) {
  return page.getByRole("meter", { name, exact: true });
}

/** Opens a page and waits for its script. */
async function open(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await page.waitForLoadState("networkidle");
}

test("chatbots: create one, get a refusal for another, send it a message, delete it", async ({ page }, testInfo) => {
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
  await expect(refusal.getByRole("link", { name: "See Starter: 3 chatbots" })).toHaveAttribute(
    "href",
    "/pricing?product=chatbots&choose=chatbots.starter",
  );
  await expect(page.getByLabel("Name of a new chatbot")).toHaveValue("Sales");

  await support.getByLabel("Message to Support").fill("When do you open?");
  await support.getByRole("button", { name: "Send" }).click();
  await expect(support.getByRole("log")).toContainText(/You: When do you open\?.*Support: /s);
  await expect(meter(page, "Messages")).toHaveAttribute("aria-valuenow", "1");
  await screenshot(page, "dark", "chatbots-used", testInfo);
  await screenshot(page, "light", "chatbots-used", testInfo);
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

test("writer: rewrite a text, get a refusal for the next, and keep its text", async ({ page }, testInfo) => {
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
  await expect(refusal.getByRole("link", { name: "See Basic: 5,000 words" })).toHaveAttribute(
    "href",
    "/pricing?product=writer&choose=writer.basic",
  );
  await expect(page.getByLabel("Your text")).toHaveValue(text);
  await expect(meter(page, "Words")).toHaveAttribute("aria-valuenow", "300");
  await screenshot(page, "dark", "writer-used", testInfo);
  await screenshot(page, "light", "writer-used", testInfo);
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);

  await page.getByLabel("Your text").fill("Only four words here");
  await page.getByRole("button", { name: "Rewrite" }).click();
  await expect(refusal).toBeHidden();
  await expect(meter(page, "Words")).toHaveAttribute("aria-valuenow", "304");
});

test("writer: the page counts the words that the server charges", async ({ page }) => {
  await signIn(page, newUserId("words"));
  await open(page, "/writer");
  let used = 0;
  for (const [text, words] of [
    ["The quick brown fox, it jumps. Don’t!", 7],
    ["one\u200btwo\u200bthree", 3],
    ["one\u200dtwo", 1],
    ["well-known fünf мир", 4],
    ["ok😀ok 👩‍👩‍👧‍👦 🇩🇪", 2],
    ["我们，今天。", 2],
  ] as const) {
    await page.getByLabel("Your text").fill(text);
    await expect(page.getByText(new RegExp(`^${words} words?\\.`))).toBeVisible();
    await page.getByRole("button", { name: "Rewrite" }).click();
    used += words;
    await expect(meter(page, "Words")).toHaveAttribute("aria-valuenow", String(used));
  }
});

test("chatbots: an answer appears word by word, and its count depends on its end", async ({ page }, testInfo) => {
  await signIn(page, newUserId("words"));
  await page.request.post("/api/chatbots", { data: { name: "Support" } });
  await open(page, "/chatbots");
  const support = page.getByRole("region", { name: "Support" });
  const send = async (text: string) => {
    await support.getByLabel("Message to Support").fill(text);
    await support.getByRole("button", { name: "Send" }).click();
  };
  const used = async () => (await subscriptionOf(page.request, "chatbots")).meters[0]?.used;

  await send("/fail");
  await expect(support.getByRole("log")).toContainText("That answer broke off. It was not counted");
  expect(await used()).toBe(0);

  await send("What can you do?");
  await expect(support.getByRole("log")).toContainText("I am Support");
  await screenshot(page, "light", "chatbots-answering", testInfo);
  await support.getByRole("button", { name: "Stop" }).click();
  await expect(support.getByRole("log")).toContainText("Stopped. It counts as one message.");
  await expect(support.getByRole("log")).not.toContainText("Send /fail to see that");
  await expect(meter(page, "Messages")).toHaveAttribute("aria-valuenow", "1");
  expect((await subscriptionOf(page.request, "chatbots")).meters[0]).toMatchObject({ used: 1, reserved: 0 });

  await send("12 * 7");
  await expect(support.getByRole("log")).toContainText("12 * 7 is 84.");
  await expect(meter(page, "Messages")).toHaveAttribute("aria-valuenow", "2");
  await screenshot(page, "dark", "chatbots-talked", testInfo);
  await screenshot(page, "light", "chatbots-talked", testInfo);
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
});

test("chatbots: Escape keeps the name, Enter changes it", async ({ page }) => {
  await signIn(page, newUserId("names"));
  await page.request.post("/api/chatbots", { data: { name: "Support" } });
  await open(page, "/chatbots");
  await page.getByRole("button", { name: "Rename Support" }).click();
  const field = page.getByLabel("New name of Support");
  await expect(field).toBeFocused();
  await page.keyboard.type("Reception");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Rename Support" }).click();
  await page.keyboard.type("Help desk");
  await expectAccessible(page);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("region", { name: "Help desk" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Support" })).toBeHidden();
  await expect(meter(page, "Chatbots")).toHaveAttribute("aria-valuenow", "1");
});

test("writer: long work shows its progress, and canceling releases the rest", async ({ page }, testInfo) => {
  await enterState(page, "active");
  await open(page, "/writer");
  // 6,000 words in chunks of 120 take seconds.
  await page.getByLabel("Your text").fill("We utilize one two three four five six seven eight. ".repeat(600));
  await page.getByLabel("Style").selectOption("Plain");
  await page.getByRole("button", { name: "Rewrite" }).click();
  const progress = page.getByRole("progressbar", { name: "Rewriting" });
  await expect(progress).toHaveAttribute("aria-valuetext", /^[1-9][\d,]* of 6,000 words$/);
  await screenshot(page, "light", "writer-working", testInfo);
  expect((await subscriptionOf(page.request, "writer")).meters[0]).toMatchObject({ used: 5_100, reserved: 6_000 });
  await page.getByRole("button", { name: "Cancel" }).click();

  const status = page.getByRole("main").getByRole("status");
  await expect(status).toContainText(/Canceled after [\d,]+ of 6,000 words. These count; the other [\d,]+ do not./);
  const [, done = ""] = /after ([\d,]+) of/.exec(await status.innerText()) ?? [];
  const words = Number(done.replace(",", ""));
  await expect.poll(async () => (await subscriptionOf(page.request, "writer")).meters[0]?.reserved).toBe(0);
  const [meterNow, transformations] = (await subscriptionOf(page.request, "writer")).meters;
  // Some chunks may have been sent when the user canceled. Their number depends on the machine; all of them is too many.
  const uncertain = (meterNow?.used ?? 0) - 5_100 - words;
  expect([uncertain % 120, uncertain >= 0, uncertain < 6_000 - words]).toEqual([0, true, true]);
  expect(transformations?.used).toBe(85);
  await expect(meter(page, "Words")).toHaveAttribute("aria-valuenow", String(meterNow?.used));
  await expect(page.getByRole("region", { name: "Result" })).toContainText("We use one two");
  await screenshot(page, "dark", "writer-canceled", testInfo);
  await screenshot(page, "light", "writer-canceled", testInfo);
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
});
