/** Purchases, changes and invoices of Writer, with the buttons that a customer presses at a fake processor. */
import { expect, type Page } from "@playwright/test";
import { expectAccessible } from "./page-checks";
import { subscriptionOf } from "./users";

export const GOOD = "4242 4242 4242 4242";
export const DECLINED = "4000 0000 0000 0002";
export const FAILS_LATER = "4000 0000 0000 0341";
export const NEEDS_AUTHENTICATION = "4000 0025 0000 3155";
/** Also at renewals, without the payer. */
export const ALWAYS_NEEDS_AUTHENTICATION = "4000 0027 6000 3184";
export const DEBIT_PAYS = "000123456789";
export const DEBIT_FAILS = "000222222227";

export const writer = (page: Page) => subscriptionOf(page.request, "writer");
export const planOf = async (page: Page) => (await writer(page)).plan;
export const statusOf = async (page: Page) => (await writer(page)).status;
export const method = (page: Page, number: string) => page.getByRole("button", { name: number });
export const alert = (page: Page, text: string) => page.getByRole("alert").filter({ hasText: text });

/** Opens the processor's checkout of a plan. */
export async function choose(page: Page, plan: string, query = ""): Promise<void> {
  await page.goto(`/pricing?product=writer${query}`);
  await page.getByRole("button", { name: `Choose ${plan}` }).click();
  await page.waitForURL(/\/sandbox\/(stripe|paddle)\/checkout\//);
}

export async function pay(page: Page, number: string): Promise<void> {
  await method(page, number).click();
  await page.waitForURL(/\/billing/);
}

/** Pays with a card that needs the bank's confirmation. */
export async function payAndConfirm(page: Page, number: string): Promise<void> {
  await method(page, number).click();
  await page.getByRole("button", { name: "Yes, complete" }).click();
}

/** Buys Plus. */
export async function buyPlus(page: Page, number: string, query = ""): Promise<void> {
  await choose(page, "Plus", query);
  await pay(page, number);
  await expect.poll(() => planOf(page)).toBe("plus");
}

/** Opens the preview of a change and confirms it. */
export async function change(page: Page, plan: string, button: RegExp | string): Promise<void> {
  await page.goto(`/billing/change?product=writer&plan=${plan}&interval=monthly`);
  await expectAccessible(page);
  await page.getByRole("button", { name: button }).click();
}

export async function cancel(page: Page): Promise<void> {
  await page.goto("/billing/cancel?product=writer");
  await page.getByRole("button", { name: /^Cancel / }).click();
  await expect.poll(async () => (await writer(page)).cancelAt).not.toBeNull();
}

export async function cancelAndResume(page: Page): Promise<void> {
  expect((await writer(page)).cancelAt).toBeNull();
  await cancel(page);
  await page.goto("/billing");
  await page.getByRole("button", { name: /^Keep / }).click();
  await expect.poll(async () => (await writer(page)).cancelAt).toBeNull();
}

/** Presses the card's button for an open payment. */
export async function fixPayment(page: Page): Promise<void> {
  await page.goto("/billing");
  await page.getByRole("button", { name: "Fix payment" }).click();
  await page.waitForURL(/\/sandbox\/(stripe\/invoice|paddle\/payment)\//);
}

/** Opens the latest invoice's page at Stripe. */
export async function openInvoice(page: Page): Promise<void> {
  await page.goto("/billing/invoices");
  await page
    .getByRole("link", { name: /^(Pay|View) invoice/ })
    .first()
    .click();
}

/**
 * Opens the latest payment in the role of Paddle's seller. No page of the product links to it: the customer is not linked
 * to the user.
 */
export async function openPaddlePayment(page: Page): Promise<void> {
  const { invoices } = (await (await page.request.get("/api/invoices")).json()) as { invoices: { id: string }[] };
  await page.goto(`/sandbox/paddle/transaction/${invoices[0]?.id}`);
}

export async function moveClock(page: Page, move: { by: "day" | "period" }, times = 1): Promise<void> {
  for (let moved = 0; moved < times; moved += 1) {
    const response = await page.request.post("/api/sandbox/clock", { data: move });
    expect(response.status()).toBe(200);
  }
}
