/** The documents' Paddle checklist, over HTTP only. */
import { type APIRequestContext, expect, test } from "@playwright/test";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import { type PaddleObject, sign } from "@/lib/sandbox/event-builders/paddle/events";
import { fakePaddleSubscription } from "@/lib/sandbox/event-builders/paddle/fake-subscription";
import { consume, meterOf, newUserId, signIn, subscriptionOf } from "./support/users";

const SECRET = "pdl_ntfset_tollgate_sandbox";

async function postPaddle(request: APIRequestContext, event: PaddleObject, signature?: string) {
  const body = JSON.stringify(event);
  const response = await request.post("/api/webhook/paddle", {
    data: Buffer.from(body),
    headers: { "paddle-signature": signature ?? sign(body, SECRET, Math.floor(Date.now() / 1000)) },
  });
  return { status: response.status(), body: await response.json() };
}

test("a month with Paddle: usage resets once per period, never for an upgrade", async ({ page }) => {
  const { request } = page;
  const userId = newUserId("paddle");
  const price = { product: "chatbots", plan: "starter", interval: "monthly" } as const;
  const fake = fakePaddleSubscription({ id: `sub_${userId}`, price, startsAt: Date.now() - 10 * DAY_MS });
  await signIn(page, "admin");
  const link = { processor: "paddle", customerId: `ctm_${userId}`, userId };
  expect((await request.post("/api/admin/links", { data: link })).status()).toBe(200);
  await signIn(page, userId);

  await consume(request, "messages_count", 100);
  expect(await meterOf(request, "chatbots")).toEqual({ used: 100, limit: 100, remaining: 0 });
  const created = fake.created();
  expect((await postPaddle(request, created)).body).toMatchObject({
    outcome: "applied",
    decision: { action: "reset", reason: "New subscription" },
  });
  for (const _ of [2, 3]) expect((await postPaddle(request, created)).body).toMatchObject({ outcome: "duplicate" });
  expect((await postPaddle(request, fake.activated())).body.decision).toMatchObject({ action: "preserve" });
  expect(await subscriptionOf(request, "chatbots")).toMatchObject({ plan: "starter", processor: "paddle" });

  await consume(request, "messages_count", 1_500);
  const upgradedAt = Date.now();
  await postPaddle(request, fake.planChanged("growth", upgradedAt));
  expect((await postPaddle(request, fake.upgradePaid(upgradedAt + 1))).body.decision).toMatchObject({
    action: "preserve",
  });
  const { used, limit } = await meterOf(request, "chatbots");
  expect(limit).toBe(10_000);
  expect(used).toBeGreaterThanOrEqual(1_500);

  const renewed = await postPaddle(request, fake.renewed({ at: upgradedAt + HOUR_MS }));
  expect(renewed.body.decision).toEqual({ action: "reset", reason: "Billing period renewal detected" });
  expect(await meterOf(request, "chatbots")).toEqual({ used: 0, limit: 10_000, remaining: 10_000 });

  // The payment of the next period arrives first, at the limit; the subscription's later event changes nothing.
  await consume(request, "messages_count", 10_000);
  expect(await meterOf(request, "chatbots")).toEqual({ used: 10_000, limit: 10_000, remaining: 0 });
  const paid = await postPaddle(request, fake.paidAhead(upgradedAt + 2 * HOUR_MS));
  expect(paid.body.decision).toEqual({ action: "reset", reason: "Payment for a new billing period" });
  const announced = await postPaddle(request, fake.renewed({ at: upgradedAt + 3 * HOUR_MS }));
  expect(announced.body.decision).toMatchObject({ action: "preserve" });
  expect(await meterOf(request, "chatbots")).toEqual({ used: 0, limit: 10_000, remaining: 10_000 });
  await page.goto("/billing");
  await expect(page.getByRole("region", { name: "Chatbots Growth" })).toContainText("0 of 10,000");
});

test("an unsigned event, a badly signed event and a user named only by the browser change nothing", async ({
  page,
}) => {
  const victim = newUserId("victim");
  await signIn(page, victim);
  const price = { product: "writer", plan: "ultra", interval: "monthly" } as const;
  const spec = { id: `sub_${victim}`, price, startsAt: Date.now(), customData: { user_id: victim } };
  const event = fakePaddleSubscription(spec).created();
  for (const signature of ["", "ts=1;h1=00", `ts=${Math.floor(Date.now() / 1000)};h1=${"0".repeat(64)}`]) {
    expect((await postPaddle(page.request, event, signature)).status).toBe(400);
  }
  expect((await postPaddle(page.request, event)).body).toMatchObject({ outcome: "deferred", reason: "unknown_user" });
  expect(await subscriptionOf(page.request, "writer")).toMatchObject({ plan: "free" });
});
