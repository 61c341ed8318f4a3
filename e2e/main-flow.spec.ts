/** The main flow: free, subscribed, used, upgraded, renewed, and the page that shows it. */
import { expect, test } from "@playwright/test";
import { DAY_MS } from "@/lib/billing/timeline/calendar";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { consume, meterOf, newUserId, postStripe, signIn, subscriptionOf } from "./support/users";

test("from free to Plus to Ultra to the renewal", async ({ page }) => {
  const { request } = page;
  const userId = newUserId("main-flow");
  await signIn(page, userId);
  expect(await subscriptionOf(request, "writer")).toMatchObject({ plan: "free", status: "free" });

  const plus = { product: "writer", plan: "plus", interval: "monthly" } as const;
  const fake = fakeStripeSubscription({ id: `sub_${userId}`, userId, price: plus, startsAt: Date.now() - 10 * DAY_MS });
  expect(await postStripe(request, fake.created())).toMatchObject({
    outcome: "applied",
    decision: { action: "reset", reason: "New subscription" },
  });
  expect(await subscriptionOf(request, "writer")).toMatchObject({
    plan: "plus",
    status: "active",
    processor: "stripe",
  });

  expect(await consume(request, "words_used", 12_000)).toMatchObject({
    status: 200,
    body: { allowed: true, field: "words_used", used: 12_000, limit: 15_000, remaining: 3_000, plan: "plus" },
  });
  expect(await postStripe(request, fake.planChanged("ultra", Date.now()))).toMatchObject({
    decision: { action: "preserve", reason: "Plan change mid-cycle detected" },
  });
  expect(await meterOf(request, "writer")).toEqual({ used: 12_000, limit: 35_000, remaining: 23_000 });

  await page.goto("/billing");
  const writer = page.getByRole("region", { name: "Writer" });
  await expect(writer).toContainText("Ultra");
  await expect(writer.getByRole("meter", { name: "Words" })).toHaveAttribute("aria-valuenow", "12000");
  await expect(writer).toContainText("12,000 of 35,000");

  const renewal = fake.renewed({ at: Date.now() });
  const { previous_attributes: previous } = renewal.data as { previous_attributes: object };
  expect(Object.keys(previous)).toContain("items");
  expect(previous).not.toHaveProperty("current_period_start");
  expect(await postStripe(request, renewal)).toMatchObject({
    decision: { action: "reset", reason: "Billing period renewal detected" },
  });
  expect(await postStripe(request, renewal)).toMatchObject({ outcome: "duplicate" });
  expect(await meterOf(request, "writer")).toEqual({ used: 0, limit: 35_000, remaining: 35_000 });

  await page.reload();
  await expect(writer.getByRole("meter", { name: "Words" })).toHaveAttribute("aria-valuenow", "0");
  await expect(writer.or(page.getByRole("region", { name: /recent activity/i }))).toContainText([/renew/i]);
});

test("both products count their usage, and answer 402 at the limit", async ({ page }) => {
  const { request } = page;
  await signIn(page, newUserId("products"));

  const created = await request.post("/api/chatbots", { data: { name: "Support" } });
  expect(created.status()).toBe(201);
  const { chatbot } = await created.json();
  const second = await request.post("/api/chatbots", { data: { name: "Second" } });
  expect(second.status()).toBe(402);
  expect(await second.json()).toMatchObject({ reason: "limit_reached", limit: 1, used: 1, plan: "free" });
  const message = await request.post(`/api/chatbots/${chatbot.id}/messages`, { data: { text: "Hello?" } });
  expect(await message.json()).toMatchObject({ usage: { allowed: true, used: 1, limit: 100 } });
  expect((await request.delete(`/api/chatbots/${chatbot.id}`)).status()).toBe(204);
  expect((await request.delete(`/api/chatbots/${chatbot.id}`)).status()).toBe(404);
  expect((await request.post("/api/chatbots", { data: { name: "Again" } })).status()).toBe(201);

  const text = Array.from({ length: 300 }, () => "utilize").join(" ");
  const first = await request.post("/api/writer/transform", { data: { text, style: "plain" } });
  expect(await first.json()).toMatchObject({ usage: { words: { used: 300 }, transformations: { used: 1 } } });
  const refused = await request.post("/api/writer/transform", { data: { text, style: "plain" } });
  expect(refused.status()).toBe(402);
  expect(await refused.json()).toMatchObject({ reason: "limit_reached", field: "words_used", limit: 500, used: 300 });
  expect(await subscriptionOf(request, "writer")).toMatchObject({
    meters: [{ used: 300 }, { field: "transformations_used", used: 1 }],
  });
});
