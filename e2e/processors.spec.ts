/** A subscription from purchase to end at each fake processor, with the buttons that a customer presses. */
import { expect, test } from "@playwright/test";
import { expectAccessible } from "./support/page-checks";
import {
  alert,
  buyPlus,
  cancel,
  cancelAndResume,
  change,
  choose,
  DECLINED,
  FAILS_LATER,
  fixPayment,
  GOOD,
  method,
  moveClock,
  NEEDS_AUTHENTICATION,
  openInvoice,
  openPaddlePayment,
  pay,
  payAndConfirm,
  planOf,
  statusOf,
  writer,
} from "./support/purchases";
import { consume, meterOf, newUserId, signIn } from "./support/users";

test.use({ trace: "off" });

test.beforeEach(async ({ page }, { project }) => {
  if (project.name === "phone") await page.setViewportSize({ width: 390, height: 844 });
});

test("Stripe: authenticate, decline, upgrade, downgrade with the coupon kept, cancel, resume, refund, dispute", async ({
  page,
}) => {
  await signIn(page, newUserId("stripe-life"));
  await choose(page, "Plus", "&code=SPRING");
  await method(page, DECLINED).click();
  await expect(alert(page, "declined")).toBeVisible();
  await payAndConfirm(page, NEEDS_AUTHENTICATION);
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

for (const [processor, query] of [
  ["Stripe", ""],
  ["Paddle", "&processor=paddle"],
] as const) {
  test(`${processor}: a renewal that fails is paid on its own page`, async ({ page }) => {
    await signIn(page, newUserId("fix"));
    await buyPlus(page, FAILS_LATER, query);
    await moveClock(page, { by: "period" });
    await expect.poll(() => statusOf(page)).toBe("past_due");
    await fixPayment(page);
    await method(page, GOOD).click();
    await expect.poll(() => statusOf(page)).toBe("active");
    expect(await meterOf(page.request, "writer")).toEqual({ used: 0, limit: 15_000, remaining: 15_000 });
  });

  test(`${processor}: a declined upgrade changes nothing`, async ({ page }) => {
    await signIn(page, newUserId("declined"));
    await buyPlus(page, FAILS_LATER, query);
    await consume(page.request, "words_used", 9_000);
    await change(page, "ultra", /^Pay \$/);
    if (processor === "Paddle") {
      await expect(alert(page, "The payment was declined. Nothing was changed.")).toBeVisible();
    } else {
      // Stripe keeps the upgrade until it is paid on this page. A cancellation withdraws it.
      await page.waitForURL(/\/sandbox\/stripe\/invoice\//);
      const invoice = page.url();
      await cancel(page);
      await page.goto(invoice);
      await expect(page.getByText("Void")).toBeVisible();
    }
    expect(await planOf(page)).toBe("plus");
    expect(await meterOf(page.request, "writer")).toEqual({ used: 9_000, limit: 15_000, remaining: 6_000 });
  });
}

test("Paddle: decline, authenticate, upgrade, downgrade with the discount kept, cancel, resume, refund, chargeback", async ({
  page,
}) => {
  await signIn(page, newUserId("paddle-life"));
  await choose(page, "Plus", "&processor=paddle&code=SPRING20");
  await method(page, DECLINED).click();
  await expect(alert(page, "declined")).toBeVisible();
  await payAndConfirm(page, NEEDS_AUTHENTICATION);
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
  await openPaddlePayment(page);
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

for (const [first, second] of [
  ["stripe", "paddle"],
  ["paddle", "stripe"],
] as const) {
  test(`a customer ends the plan at ${first} and buys another at ${second}`, async ({ page }) => {
    await signIn(page, newUserId("switcher"));
    await buyPlus(page, GOOD, `&processor=${first}`);
    expect((await writer(page)).processor).toBe(first);
    await consume(page.request, "words_used", 4_000);
    await cancel(page);
    await moveClock(page, { by: "period" });
    await expect.poll(() => planOf(page)).toBe("free");

    await choose(page, "Ultra", `&processor=${second}`);
    await pay(page, GOOD);
    await expect.poll(async () => [await planOf(page), (await writer(page)).processor]).toEqual(["ultra", second]);
    expect(await meterOf(page.request, "writer")).toEqual({ used: 0, limit: 35_000, remaining: 35_000 });
    // The invoices of both processors stay.
    const { invoices } = await (await page.request.get("/api/invoices")).json();
    expect(invoices.map(({ processor }: { processor: string }) => processor)).toEqual([second, first]);
  });
}
