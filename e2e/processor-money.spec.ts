/** Bank debits, 3-D Secure, refunds and disputes at the fake processors. */
import { expect, test } from "@playwright/test";
import { expectAccessible } from "./support/page-checks";
import {
  ALWAYS_NEEDS_AUTHENTICATION,
  buyPlus,
  change,
  choose,
  DEBIT_FAILS,
  DEBIT_PAYS,
  fixPayment,
  GOOD,
  method,
  moveClock,
  openInvoice,
  openPaddlePayment,
  payAndConfirm,
  planOf,
  statusOf,
} from "./support/purchases";
import { consume, meterOf, newUserId, signIn } from "./support/users";

test.use({ trace: "off" });

test.beforeEach(async ({ page }, { project }) => {
  if (project.name === "phone") await page.setViewportSize({ width: 390, height: 844 });
});

test("Stripe: the bank confirms a purchase, an upgrade and a renewal", async ({ page }) => {
  await signIn(page, newUserId("3ds"));
  await choose(page, "Plus");
  await payAndConfirm(page, ALWAYS_NEEDS_AUTHENTICATION);
  await page.waitForURL(/\/billing/);
  await expect.poll(() => planOf(page)).toBe("plus");
  await consume(page.request, "words_used", 2_000);

  await change(page, "ultra", /^Pay \$/);
  await page.waitForURL(/\/sandbox\/stripe\/invoice\//);
  expect(await planOf(page)).toBe("plus");
  await payAndConfirm(page, ALWAYS_NEEDS_AUTHENTICATION);
  await expect.poll(() => planOf(page)).toBe("ultra");

  await moveClock(page, { by: "period" });
  await expect.poll(() => statusOf(page)).toBe("past_due");
  await fixPayment(page);
  await method(page, ALWAYS_NEEDS_AUTHENTICATION).click();
  await page.getByRole("link", { name: "No, fail" }).click();
  expect(await statusOf(page)).toBe("past_due");
  await payAndConfirm(page, ALWAYS_NEEDS_AUTHENTICATION);
  await expect.poll(() => statusOf(page)).toBe("active");
  expect(await meterOf(page.request, "writer")).toEqual({ used: 0, limit: 35_000, remaining: 35_000 });
});

test("Stripe: after a bank debit fails days later, the free limits apply until it is paid", async ({ page }) => {
  await signIn(page, newUserId("debit-fails"));
  await buyPlus(page, DEBIT_FAILS);
  await moveClock(page, { by: "day" });
  expect(await statusOf(page)).toBe("active");
  await moveClock(page, { by: "day" }, 5);
  await expect.poll(async () => (await meterOf(page.request, "writer")).limit).toBe(500);
  await page.goto("/billing");
  await expect(page.getByRole("main")).toContainText("payment failed");
  await expectAccessible(page);
  await fixPayment(page);
  await method(page, GOOD).click();
  await expect.poll(() => statusOf(page)).toBe("active");
  expect((await meterOf(page.request, "writer")).limit).toBe(15_000);
});

test("Stripe: an upgrade by bank debit names the debit, applies at once, and is paid days later", async ({ page }) => {
  await signIn(page, newUserId("debit-pays"));
  await buyPlus(page, DEBIT_PAYS);
  await moveClock(page, { by: "day" }, 5);
  await page.goto("/billing/change?product=writer&plan=ultra&interval=monthly");
  await expect(page.getByText("Your bank account is debited. This takes up to 4 business days")).toBeVisible();
  await change(page, "ultra", "Switch to Ultra");
  await expect.poll(() => planOf(page)).toBe("ultra");
  await openInvoice(page);
  await expect(page.getByText("is debited. The bank answers on")).toBeVisible();
  await moveClock(page, { by: "day" }, 5);
  await page.reload();
  await expect(page.getByText("Paid").first()).toBeVisible();
  expect((await meterOf(page.request, "writer")).limit).toBe(35_000);
});

test("Stripe: a dispute is won by evidence", async ({ page }) => {
  await signIn(page, newUserId("stripe-dispute"));
  await buyPlus(page, GOOD);
  await openInvoice(page);
  await page.getByRole("button", { name: "Open a dispute" }).click();
  await page.getByRole("button", { name: "Send evidence" }).click();
  await page.getByRole("button", { name: "Win" }).click();
  await expect(page.getByText("The business won the dispute")).toBeVisible();
  await expectAccessible(page);
  await page.goto("/billing/invoices");
  await expect(page.getByText("$19.99").first()).toBeVisible();
  await expect(page.getByText("refunded")).toHaveCount(0);
  expect(await planOf(page)).toBe("plus");
});

test("Stripe: a credit note pays an invoice back", async ({ page }) => {
  await signIn(page, newUserId("stripe-credit-note"));
  await buyPlus(page, GOOD);
  await openInvoice(page);
  await page.getByRole("button", { name: "Refund by credit note" }).click();
  await expect(page.getByText("was credited by a credit note.")).toBeVisible();
  await page.goto("/billing/invoices");
  await expect(page.getByText("$19.99 refunded")).toBeVisible();
  expect(await planOf(page)).toBe("plus");
});

test("Paddle: a rejected refund pays nothing back, an approved one pays all", async ({ page }) => {
  await signIn(page, newUserId("paddle-refund"));
  await buyPlus(page, GOOD, "&processor=paddle");
  await openPaddlePayment(page);
  await page.getByRole("button", { name: "Refund $19.99" }).click();
  await page.getByRole("button", { name: "Reject" }).click();
  await expect(page.getByText(/^Refund: \$19\.99, rejected/)).toBeVisible();
  await page.getByRole("button", { name: "Refund $19.99" }).click();
  await page.getByRole("button", { name: "Approve" }).click();
  await expect(page.getByText(/^Refund: \$19\.99, in effect/)).toBeVisible();
  await page.goto("/billing/invoices");
  await expect(page.getByText("$19.99 refunded")).toBeVisible();
  expect(await planOf(page)).toBe("plus");
});

test("Paddle: a chargeback that Paddle loses stays paid back, and changes no plan", async ({ page }) => {
  await signIn(page, newUserId("paddle-chargeback"));
  await buyPlus(page, GOOD, "&processor=paddle");
  await openPaddlePayment(page);
  await page.getByRole("button", { name: "Charge back $19.99" }).click();
  await expect(page.getByText(/^Chargeback: \$19\.99, in effect/)).toBeVisible();
  await page.goto("/billing/invoices");
  await expect(page.getByText("$19.99 refunded")).toBeVisible();
  expect(await planOf(page)).toBe("plus");
});
