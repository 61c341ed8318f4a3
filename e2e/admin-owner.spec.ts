/** An admin assigns events and subscriptions to the right user, with and without script. */
import { expect, type Page, test } from "@playwright/test";
import type { StripeObject } from "@/lib/sandbox/event-builders/stripe/events";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { consoleProblems, expectAccessible, expectNoSidewaysScroll, screenshot } from "./support/page-checks";
import { newUserId, postStripe, signIn, subscriptionOf } from "./support/users";

const PLUS = { product: "writer", plan: "plus", interval: "monthly" } as const;
const DAY_MS = 86_400_000;

test.beforeEach(async ({ page }, { project }) => {
  if (project.name === "phone") await page.setViewportSize({ width: 390, height: 844 });
});

const play = (userId: string, customer?: string) =>
  fakeStripeSubscription({
    id: `sub_${userId}`,
    userId,
    price: PLUS,
    startsAt: Date.now() - 5 * DAY_MS,
    ...(customer && { customer }),
  });

async function planOf(page: Page, userId: string) {
  await signIn(page, userId);
  const { plan } = await subscriptionOf(page.request, "writer");
  await signIn(page, "admin");
  return plan;
}

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? "with script" : "without script", () => {
    test.use({ javaScriptEnabled });
    test.skip(({ isMobile }) => isMobile && !javaScriptEnabled, "the same on every screen");

    test("a deferred event is dismissed on its page", async ({ page }, testInfo) => {
      const userId = newUserId("dismissed");
      await signIn(page, "admin");
      const created: StripeObject = JSON.parse(
        JSON.stringify(play(userId).created()).replace(`"user_id":"${userId}"`, '"other":""'),
      );
      expect((await postStripe(page.request, created)).outcome).toBe("deferred");
      const problems = consoleProblems(page);
      await page.goto(`/admin/events/stripe/${created.id}`);
      if (javaScriptEnabled) {
        await screenshot(page, "light", "admin-event-waiting", testInfo);
        await screenshot(page, "dark", "admin-event-waiting", testInfo);
        await expectAccessible(page);
      }
      await expectNoSidewaysScroll(page);
      await page.getByRole("button", { name: "Dismiss" }).click();
      const result = page.getByRole("region", { name: "Result" });
      await expect(result).toContainText("ignored");
      await expect(result).toContainText("dismissed");
      await expect(page.getByRole("button", { name: "Dismiss" })).toHaveCount(0);
      expect(problems).toEqual([]);
    });

    test("a subscription is moved to another user on the user's page", async ({ page }, testInfo) => {
      const [ada, ben] = [newUserId("ada"), newUserId("ben")];
      await signIn(page, "admin");
      await postStripe(page.request, play(ada).created());
      const problems = consoleProblems(page);
      await page.goto(`/admin/users/${ada}`);
      const move = page.getByRole("region", { name: "Move a subscription" });
      await move.getByLabel(`New user of sub_${ada}`).fill(ben);
      if (javaScriptEnabled) {
        await move.scrollIntoViewIfNeeded();
        await screenshot(page, "light", "admin-user-move", testInfo);
        await screenshot(page, "dark", "admin-user-move", testInfo);
        await expectAccessible(page);
      }
      await expectNoSidewaysScroll(page);
      await move.getByRole("button", { name: "Move" }).click();
      await expect(page).toHaveURL(`/admin/users/${ben}`);
      await expect(page.getByRole("table", { name: "Decisions" })).toContainText("a subscription was moved");
      await expect(page.getByRole("table", { name: "Audit log" })).toContainText("subscription.moved");
      expect(problems).toEqual([]);
      expect([await planOf(page, ada), await planOf(page, ben)]).toEqual(["free", "plus"]);
    });
  });
}

test("if an event names two users, its subscription is moved to the right one", async ({ page }, testInfo) => {
  const [ada, ben] = [newUserId("ada"), newUserId("ben")];
  await signIn(page, "admin");
  await page.request.post("/api/admin/links", { data: { processor: "stripe", customerId: `cus_${ada}`, userId: ben } });
  const created = play(ada).created();
  expect((await postStripe(page.request, created)).reason).toBe("link_conflict");
  await page.goto(`/admin/events/stripe/${created.id}`);
  await page.getByLabel(`New user of sub_${ada}`).fill("invalid\u0001id");
  await page.getByRole("button", { name: "Move to this user" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "userId" })).toBeVisible();
  await screenshot(page, "light", "admin-event-conflict", testInfo);
  await page.getByLabel(`New user of sub_${ada}`).fill(ada);
  await page.getByRole("button", { name: "Move to this user" }).click();
  await expect(page).toHaveURL(`/admin/users/${ada}`);
  expect(await planOf(page, ada)).toBe("plus");
});
