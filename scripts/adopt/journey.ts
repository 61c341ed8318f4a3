/** What a user of the adopter's app does: reach the limit, buy, use more, and see the renewal. */
import assert from "node:assert/strict";
import { chromium, type Page } from "@playwright/test";
import { CHROMIUM_ARGUMENTS, findChromium } from "@/tests/support/chromium";

/** A first request compiles its page. */
const PATIENCE_MS = 60_000;

export async function buyAndRenew(url: string): Promise<void> {
  const browser = await chromium.launch({ executablePath: await findChromium(), args: CHROMIUM_ARGUMENTS });
  const page = await browser.newPage({ baseURL: url });
  try {
    page.setDefaultTimeout(PATIENCE_MS);
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    await reachTheLimits(page);
    await buyPro(page);
    await renew(page);
    await page.goto("/");
    assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1, "the app's own page is as it was");
    assert.deepEqual(errors, [], "no page has an error");
  } catch (error) {
    console.error(`${page.url()}: ${await page.locator("main, body").first().innerText()}`);
    throw error;
  } finally {
    await browser.close();
  }
}

const summarize = async (page: Page) => (await page.request.post("/api/notes")).status();
const addNote = async (page: Page) => (await page.request.put("/api/notes", { data: "a note" })).status();

async function reachTheLimits(page: Page): Promise<void> {
  assert.equal(await summarize(page), 401, "a visitor has no usage");
  await page.goto("/billing");
  await page.getByRole("textbox").first().fill("adopter");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Notely Free", exact: true }).waitFor();
  for (const expected of [200, 200, 200, 402]) assert.equal(await summarize(page), expected);
  for (const expected of [200, 200, 402]) assert.equal(await addNote(page), expected);
}

async function buyPro(page: Page): Promise<void> {
  await page.goto("/pricing");
  await page.getByRole("button", { name: "Choose Pro" }).click();
  await page.getByRole("button", { name: "4242 4242 4242 4242" }).click();
  // The checkout names the plan too.
  await page.waitForURL((url) => url.pathname === "/billing");
  await page.getByRole("heading", { name: "Notely Pro", exact: true }).waitFor();
  assert.equal(await summarize(page), 200);
  assert.equal(await addNote(page), 200);
  await page.reload();
  await page.getByText("1 of 2,000 AI summaries used", { exact: true }).waitFor();
}

async function renew(page: Page): Promise<void> {
  await page.getByRole("button", { name: "the period’s end" }).click();
  await page.getByText("0 of 2,000 AI summaries used", { exact: true }).waitFor();
}
