/** A subscription from purchase to end at each fake processor, with the buttons that a customer presses. */
import { expect, type Page, test } from "@playwright/test";
import { expectAccessible } from "./support/page-checks";
import { consume, meterOf, newUserId, signIn, subscriptionOf } from "./support/users";

test.use({ trace: "off" });

test.beforeEach(async ({ page }, { project }) => {
  if (project.name === "phone") await page.setViewportSize({ width: 390, height: 844 });
});

const GOOD = "4242 4242 4242 4242";
const DECLINED = "4000 0000 0000 0002";
const FAILS_LATER = "4000 0000 0000 0341";
const NEEDS_AUTHENTICATION = "4000 0025 0000 3155";
const DEBIT_FAILS = "000222222227";

const writer = (page: Page) => subscriptionOf(page.request, "writer");
const planOf = async (page: Page) => (await writer(page)).plan;
const method = (page: Page, number: string) => page.getByRole("button", { name: number });

/** Opens the processor's checkout of a plan. */
async function choose(page: Page, plan: string, query = ""): Promise<void> {
  await page.goto(`/pricing?product=writer${query}`);
  await page.getByRole("button", { name: `Choose ${plan}` }).click();
  await page.waitForURL(/\/sandbox\/(stripe|paddle)\/checkout\//);
}

async function pay(page: Page, number: string): Promise<void> {
  await method(page, number).click();
  await page.waitForURL(/\/billing/);
}

/** Opens the preview of a change and confirms it. */
async function change(page: Page, plan: string, button: RegExp | string): Promise<void> {
  await page.goto(`/billing/change?product=writer&plan=${plan}&interval=monthly`);
  await expectAccessible(page);
  await page.getByRole("button", { name: button }).click();
}

async function moveClock(page: Page, move: Record<string, string>): Promise<void> {
  const response = await page.request.post("/api/sandbox/clock", { data: move });
  expect(response.status()).toBe(200);
}

async function cancelAndResume(page: Page): Promise<void> {
  expect((await writer(page)).cancelAt).toBeNull();
  await page.goto("/billing/cancel?product=writer");
  await page.getByRole("button", { name: /^Cancel / }).click();
  await expect.poll(async () => (await writer(page)).cancelAt).not.toBeNull();
  await page.goto("/billing");
  await page.getByRole("button", { name: /^Keep / }).click();
  await expect.poll(async () => (await writer(page)).cancelAt).toBeNull();
}

/** Opens the latest invoice's page at the processor. */
async function openInvoice(page: Page): Promise<void> {
  await page.goto("/billing/invoices");
  await page.getByRole("link", { name: "View invoice" }).first().click();
}

test("Stripe: authenticate, decline, upgrade, downgrade with the coupon kept, cancel, resume, refund, dispute", async ({
  page,
}) => {
  await signIn(page, newUserId("stripe-life"));
  await choose(page, "Plus", "&code=SPRING");
  await method(page, DECLINED).click();
  await expect(page.getByRole("alert").filter({ hasText: "declined" })).toBeVisible();
  await method(page, NEEDS_AUTHENTICATION).click();
  await page.getByRole("button", { name: "Yes, complete" }).click();
  await page.waitForURL(/\/billing/);
  await expect.poll(() => planOf(page)).toBe("plus");
  await consume(page.request, "words_used", 12_000);

  // An upgrade needs authentication too: the plan changes after the payment.
  await change(page, "ultra", /^Pay \$/);
  await page.waitForURL(/\/sandbox\/stripe\/invoice\//);
  expect(await planOf(page)).toBe("plus");
  await method(page, GOOD).click();
  await expect.poll(() => planOf(page)).toBe("ultra");
  expect(await meterOf(page.request, "writer")).toEqual({ used: 12_000, limit: 35_000, remaining: 23_000 });

  await change(page, "basic", "Schedule switch to Basic");
  await expect.poll(async () => (await writer(page)).scheduledPlan).toBe("basic");
  await moveClock(page, { by: "period" });
  await expect.poll(() => planOf(page)).toBe("basic");
  expect(await meterOf(page.request, "writer")).toEqual({ used: 0, limit: 5_000, remaining: 5_000 });
  await page.goto("/billing/invoices");
  // The discount of 20 % on $9.99 continues after the downgrade.
  await expect(page.getByText("$7.99").first()).toBeVisible();

  await cancelAndResume(page);

  await openInvoice(page);
  await page.getByRole("button", { name: "Refund half" }).click();
  await expect(page.getByText("was refunded.")).toBeVisible();
  await page.getByRole("button", { name: "Open a dispute" }).click();
  await page.getByRole("button", { name: "Lose" }).click();
  await expect(page.getByText("The business lost the dispute")).toBeVisible();
  expect(await planOf(page)).toBe("basic");
});

test("Stripe: after a bank debit fails days later, the free limits apply until it is paid", async ({ page }) => {
  await signIn(page, newUserId("stripe-debit"));
  await choose(page, "Plus");
  await pay(page, DEBIT_FAILS);
  await expect.poll(() => planOf(page)).toBe("plus");
  await moveClock(page, { by: "day" });
  expect((await writer(page)).status).toBe("active");
  for (let day = 0; day < 5; day += 1) await moveClock(page, { by: "day" });
  await expect.poll(async () => (await meterOf(page.request, "writer")).limit).toBe(500);
  await page.goto("/billing");
  await expect(page.getByRole("main")).toContainText("payment failed");
  await expectAccessible(page);
});

test("Stripe: a renewal that fails is paid on its own page", async ({ page }) => {
  await signIn(page, newUserId("stripe-fix"));
  await choose(page, "Plus");
  await pay(page, FAILS_LATER);
  await expect.poll(() => planOf(page)).toBe("plus");
  await moveClock(page, { by: "period" });
  await expect.poll(async () => (await writer(page)).status).toBe("past_due");
  await page.goto("/billing");
  await page.getByRole("button", { name: "Fix payment" }).click();
  await page.waitForURL(/\/sandbox\/stripe\/invoice\//);
  await method(page, GOOD).click();
  await expect.poll(async () => (await writer(page)).status).toBe("active");
});

test("Paddle: decline, authenticate, upgrade, downgrade with the discount kept, cancel, resume, refund, chargeback", async ({
  page,
}) => {
  await signIn(page, newUserId("paddle-life"));
  await choose(page, "Plus", "&processor=paddle&code=SPRING20");
  await method(page, DECLINED).click();
  await expect(page.getByRole("alert").filter({ hasText: "declined" })).toBeVisible();
  await method(page, NEEDS_AUTHENTICATION).click();
  await page.getByRole("button", { name: "Yes, complete" }).click();
  await page.waitForURL(/\/billing/);
  await expect.poll(() => planOf(page)).toBe("plus");
  await consume(page.request, "words_used", 12_000);

  await change(page, "ultra", /^Pay \$/);
  await expect.poll(() => planOf(page)).toBe("ultra");
  expect(await meterOf(page.request, "writer")).toEqual({ used: 12_000, limit: 35_000, remaining: 23_000 });

  await change(page, "basic", "Schedule switch to Basic");
  await expect.poll(async () => (await writer(page)).scheduledPlan).toBe("basic");
  await moveClock(page, { by: "period" });
  await expect.poll(() => planOf(page)).toBe("basic");
  await page.goto("/billing/invoices");
  await expect(page.getByText("$7.99").first()).toBeVisible();

  await cancelAndResume(page);
  // Only the business can open this page, since Paddle's customer is not linked to the user.
  const { invoices } = (await (await page.request.get("/api/invoices")).json()) as { invoices: { id: string }[] };
  await page.goto(`/sandbox/paddle/transaction/${invoices[0]?.id}`);
  await page.getByRole("button", { name: "Refund half" }).click();
  await page.getByRole("button", { name: "Approve" }).click();
  await expect(page.getByText("Refund: $4, in effect")).toBeVisible();
  await page.getByRole("button", { name: /^Charge back / }).click();
  await expect(page.getByText(/^Chargeback: \$\d\.\d\d, in effect/)).toBeVisible();
  await page.getByRole("button", { name: "Paddle wins" }).click();
  await expect(page.getByText(/^Chargeback won/)).toBeVisible();
  await expectAccessible(page);
  await page.goto("/billing/invoices");
  await expect(page.getByText("$4 refunded")).toBeVisible();
  // The business decides about the plan after a refund: it stays.
  expect(await planOf(page)).toBe("basic");
});

test("a customer of Stripe ends the plan and buys it again at Paddle", async ({ page }) => {
  await signIn(page, newUserId("switcher"));
  await choose(page, "Plus");
  await pay(page, GOOD);
  await expect.poll(() => planOf(page)).toBe("plus");
  await consume(page.request, "words_used", 4_000);
  await page.goto("/billing/cancel?product=writer");
  await page.getByRole("button", { name: /^Cancel / }).click();
  await expect.poll(async () => (await writer(page)).cancelAt).not.toBeNull();
  await moveClock(page, { by: "period" });
  await expect.poll(() => planOf(page)).toBe("free");

  await choose(page, "Ultra", "&processor=paddle");
  await pay(page, GOOD);
  await expect.poll(async () => [await planOf(page), (await writer(page)).processor]).toEqual(["ultra", "paddle"]);
  expect((await meterOf(page.request, "writer")).limit).toBe(35_000);
});
