/** The actions of a subscription's card, and the page's updates after webhooks. */
import { expect, type Page, test } from "@playwright/test";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { changeOutcomePath } from "@/lib/ui/changes/change-outcome-notice";
import { subscriptionFingerprint } from "@/lib/ui/changes/subscription-fingerprint";
import { expectAccessible } from "./support/page-checks";
import { enterState } from "./support/states";
import { newUserId, postStripe, signIn, subscriptionOf } from "./support/users";

test.use({ trace: "off" });

const price = { product: "writer", plan: "ultra", interval: "monthly" } as const;

/** A page with a paused clock, and the number of its requests. A busy machine may take longer than the page's clock. */
async function openPaused(page: Page, path: string) {
  let sent = 0;
  let open = 0;
  page.on("request", () => {
    sent += 1;
    open += 1;
  });
  page.on("requestfinished", () => (open -= 1));
  page.on("requestfailed", () => (open -= 1));
  await page.clock.install();
  await page.goto(path);
  await page.waitForLoadState("networkidle");
  await page.evaluate(() => Object.assign(window, { sameDocument: true }));
  await page.clock.pauseAt(Date.now() + 5_000);
  await expect.poll(() => open).toBe(0);
  return {
    sent: () => sent,
    /** Lets the page's time pass, and waits for the answers to the requests that this causes. */
    async pass(milliseconds: number) {
      await page.clock.runFor(milliseconds);
      await expect.poll(() => open).toBe(0);
    },
    sameDocument: () => page.evaluate(() => "sameDocument" in window),
  };
}

const buyUltra = (page: Page, userId: string) =>
  postStripe(
    page.request,
    fakeStripeSubscription({ id: `sub_${userId}`, userId, price, startsAt: Date.now() }).created(),
  );

test("a bought plan appears within 2 s of its webhook, without a reload", async ({ page }) => {
  const userId = newUserId("watcher");
  await signIn(page, userId);
  const free = await subscriptionOf(page.request, "writer");
  const opened = await openPaused(page, changeOutcomePath("pending", "writer", subscriptionFingerprint(free)));
  await expect(page.getByRole("region", { name: "Writer Free" })).toBeVisible();
  await buyUltra(page, userId);
  await opened.pass(2_000);
  await expect(page.getByRole("region", { name: "Writer Ultra" })).toContainText("0 of 35,000 words used");
  expect(await opened.sameDocument()).toBe(true);
});

test("an idle page sends at most one request per minute, and shows a new plan after it", async ({ page }) => {
  const userId = newUserId("idle");
  await signIn(page, userId);
  const opened = await openPaused(page, "/billing");
  const before = opened.sent();
  for (let minute = 0; minute < 10; minute += 1) await opened.pass(60_000);
  expect(opened.sent() - before).toBeLessThanOrEqual(10);
  expect(opened.sent()).toBeGreaterThan(before);
  await buyUltra(page, userId);
  await opened.pass(61_000);
  await expect(page.getByRole("region", { name: "Writer Ultra" })).toContainText("0 of 35,000 words used");
  expect(await opened.sameDocument()).toBe(true);
});

test("a link's page is fetched when the user points at the link, not before", async ({ page }) => {
  await signIn(page, newUserId("pointer"));
  const prefetched: string[] = [];
  page.on("request", (request) => {
    if ("next-router-prefetch" in request.headers()) prefetched.push(new URL(request.url()).pathname);
  });
  await page.goto("/billing");
  await page.waitForLoadState("networkidle");
  expect(prefetched).toEqual([]);
  await page.getByRole("link", { name: "Usage", exact: true }).hover();
  await expect.poll(() => prefetched).toContain("/usage");
});

test("the other actions are in a menu, which the keyboard opens too", async ({ page }) => {
  await enterState(page, "active");
  await page.goto("/billing");
  await page.waitForLoadState("networkidle");
  const menu = page.getByRole("button", { name: "More for Writer Plus" });
  await menu.focus();
  await page.keyboard.press("Enter");
  const items = page.getByRole("menuitem");
  await expect(items).toHaveText(["Change plan", "Pay yearly", "Payment method", "Cancel plan"]);
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await expect(items.first()).toBeHidden();
  await expect(menu).toBeFocused();

  await menu.click();
  await page.getByRole("menuitem", { name: "Cancel plan" }).click();
  await expect(page).toHaveURL("/billing/cancel?product=writer");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Cancel Plus?");
  await expect(page.getByRole("main")).toContainText(/You can use Plus until \w+ \d+, since it is paid until then\./);
  await expect(page.getByRole("main")).toContainText(
    "After that you are on Free: 500 words a day, 10 transformations a day.",
  );
  await expectAccessible(page);
  await page.getByRole("link", { name: "Keep Plus" }).click();
  await expect(page).toHaveURL("/billing");
});

test("pages without a matching subscription redirect back", async ({ page }) => {
  await signIn(page, newUserId("astray"));
  for (const path of ["/billing/cancel?product=writer", "/billing/cancel?product=nonsense", "/billing/cancel"]) {
    await page.goto(path);
    await expect(page, path).toHaveURL("/billing");
  }
  await page.goto("/billing/change?product=writer");
  await expect(page).toHaveURL("/pricing");
  await page.goto("/billing/change?product=writer&plan=ultra");
  await expect(page.getByRole("main").getByRole("alert")).toContainText("You have no Writer subscription to change.");
  await page.goto("/billing?checkout=00000000-0000-4000-8000-000000000000&changed=constructor");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Billing");
  await expect(page.getByRole("main").getByRole("status")).toHaveCount(0);
});

test("a signed-out visitor is redirected to sign in, with the page to return to", async ({ page }) => {
  for (const path of ["/usage", "/billing/invoices", "/billing/cancel?product=writer"]) {
    await page.goto(path);
    await expect(page).toHaveURL(`/sign-in?next=${encodeURIComponent(path)}`);
  }
});

test("a user without invoices sees an empty list", async ({ page }) => {
  await signIn(page, newUserId("unbilled"));
  await page.goto("/billing");
  await expect(page.getByText("No invoices yet.")).toBeVisible();
});

test("the sandbox bar shows the clock, the latest event and the buttons that move the clock", async ({ page }) => {
  await enterState(page, "active");
  await page.goto("/billing");
  const bar = page.getByRole("complementary", { name: "Sandbox" });
  await expect(bar).toContainText(/Your clock: \w+ \d+ at \d+:\d\d/);
  await expect(bar).toContainText("customer.subscription.created → reset, New subscription");
  await bar.getByRole("button", { name: "Move my clock by a day" }).click();
  await expect(bar.getByRole("status")).toContainText(/arrived\.|Nothing was due\./);
});

test.describe(() => {
  test.use({ javaScriptEnabled: false });

  test("without script the menu is a row of buttons", async ({ page }) => {
    await enterState(page, "active");
    await page.goto("/billing");
    const writer = page.getByRole("region", { name: "Writer Plus" });
    await expect(writer.getByRole("button", { name: "More for Writer Plus" })).toBeHidden();
    await expect(writer.getByRole("button", { name: "Payment method" })).toBeVisible();
    await writer.getByRole("link", { name: "Cancel plan" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Cancel Plus?");
  });
});
