import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { chatbotsTable } from "@/app/(product)/chatbots/_lib/chatbots-table";
import { changePreviewViewSchema, changeViewSchema } from "@/lib/billing/schemas/purchase";
import { addMonths, DAY, HOUR, MINUTE } from "@/lib/billing/timeline/calendar";
import type { Interval } from "@/lib/billing/types";
import { DomainError } from "@/lib/core/domain-error";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { ProcessorError } from "@/lib/processors/processor-client";
import { fakePaddleSubscription } from "@/lib/sandbox/event-builders/paddle/fake-subscription";
import { planPrice } from "@/lib/sandbox/event-builders/stripe/events";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { testDatabase } from "@/tests/support/database";
import { deliverPaddle } from "@/tests/support/paddle";
import { playedShop } from "@/tests/support/shop";
import { deliver } from "@/tests/support/stripe";
import { cancelSubscription, resumeSubscription } from "./cancel";
import { changePlan, previewChange } from "./change";

const database = testDatabase();
const gateway = createGateway(postgresTransport(database.url));
afterAll(() => gateway.end());

let users = 0;
let userId = "";
beforeEach(() => {
  users += 1;
  userId = `changer-${users}`;
});

const BEGAN = Math.floor(Date.now() / 1000) * 1000 - 10 * DAY;

/** A subscriber since ten days, who has paid. */
async function subscriber(plan: string, interval: Interval = "monthly", status: "active" | "trialing" = "active") {
  const price = { product: "writer", plan, interval } as const;
  const fake = fakeStripeSubscription({ id: `sub_${userId}`, userId, price, startsAt: BEGAN, status });
  await deliver(gateway, fake.created());
  if (status === "active") await deliver(gateway, fake.paid("subscription_create", BEGAN + 1_000));
  return fake;
}

async function writer() {
  const found = (await gateway.usage(userId)).subscriptions.find(({ product }) => product === "writer");
  if (!found) throw new Error("no writer");
  return found;
}

const refusal = (request: Promise<unknown>) =>
  request.then(
    () => null,
    (error: unknown) => (error instanceof DomainError ? { problem: error.problem, reason: error.reason } : error),
  );

describe("a preview says what then happens", () => {
  const { shop, askedFor } = playedShop(gateway);
  const preview = async (plan: string, interval?: Interval) =>
    changePreviewViewSchema.parse(await previewChange(userId, { product: "writer", plan, interval }, shop));
  const meters = async () =>
    (await writer()).meters.map(({ field, used, limit, remaining }) => ({ field, used, limit, remaining }));
  const told = ({ usage }: Awaited<ReturnType<typeof preview>>) =>
    usage.meters.map(({ field, after }) => ({ field, ...after }));

  test("an upgrade inside the period: what was used stays used", async () => {
    const fake = await subscriber("plus");
    await gateway.consume(userId, "words_used", 12_000);
    const shown = await preview("ultra");
    expect(shown).toMatchObject({
      from: { plan: "plus", interval: "monthly" },
      to: { plan: "ultra", interval: "monthly" },
      timing: "now",
      dueNow: { amount: 1_234, currency: "USD" },
      usage: { effect: "preserve", reason: "Plan change mid-cycle detected" },
    });
    expect(shown.usage.meters[0]).toEqual({
      field: "words_used",
      kind: "counter",
      before: { used: 12_000, limit: 15_000, remaining: 3_000 },
      after: { used: 12_000, limit: 35_000, remaining: 23_000 },
    });
    await deliver(gateway, fake.planChanged("ultra", Date.now()));
    expect(await meters()).toEqual(told(shown));
    expect(askedFor("preview").at(-1)).toEqual({
      subscription: `sub_${userId}`,
      priceId: "price_writer_ultra_monthly",
      timing: "now",
    });
  });

  test("by the year: a share of what was used is carried over", async () => {
    const fake = await subscriber("plus");
    await gateway.consume(userId, "words_used", 14_000);
    const shown = await preview("plus", "yearly");
    expect(shown).toMatchObject({ timing: "now", usage: { effect: "carry_over" } });
    const at = Math.ceil(Date.now() / 1000) * 1000;
    const yearly = planPrice({ product: "writer", plan: "plus", interval: "yearly" });
    const changed = fake.changed(
      {
        items: [{ id: `si_${userId}`, price: yearly }],
        periodStart: at / 1000,
        periodEnd: addMonths(at, 12) / 1000,
      },
      at,
    );
    await deliver(gateway, changed);
    const [words] = await meters();
    const before = told(shown)[0];
    // Ten of the month's days are worth a third of its words; a second of the test's own is worth one of them at most.
    expect(words?.used).toBeGreaterThan(8_500);
    expect(words?.used).toBeLessThan(9_500);
    expect(Math.abs((before?.used ?? 0) - (words?.used ?? 0))).toBeLessThanOrEqual(1);
    expect(before?.limit).toBe(15_000);
  });

  test("a downgrade: nothing until the period ends, then counted anew", async () => {
    const fake = await subscriber("ultra");
    await gateway.consume(userId, "words_used", 20_000);
    const shown = await preview("basic");
    expect(shown).toMatchObject({
      timing: "period_end",
      effectiveAt: new Date(fake.periodEnd()).toISOString(),
      usage: { effect: "reset", reason: "Plan change at billing renewal" },
    });
    expect(shown.usage.meters[0]).toMatchObject({
      before: { used: 20_000, limit: 35_000 },
      after: { used: 0, limit: 5_000, remaining: 5_000 },
    });
    expect(askedFor("preview").at(-1)).toMatchObject({ timing: "renewal" });
    const ends = fake.periodEnd();
    await gateway.setSandboxClock(userId, ends + HOUR);
    await deliver(gateway, fake.renewed({ plan: "basic" }));
    expect(await meters()).toEqual(told(shown));
    expect(shown.usage.resetsAt).toBe((await writer()).resetsAt);
  });

  test("in a trial the limits of the plan one has chosen wait for the payment", async () => {
    const fake = await subscriber("basic", "monthly", "trialing");
    await gateway.consume(userId, "words_used", 100);
    const shown = await preview("ultra");
    await deliver(gateway, fake.planChanged("ultra", Date.now()));
    expect(await meters()).toEqual(told(shown));
    expect(shown.usage.meters[0]?.after).toMatchObject({ used: 100, limit: 5_000 });
  });

  test("the end: the free plan, and no charge to ask for", async () => {
    const fake = await subscriber("plus");
    const before = askedFor("preview").length;
    expect(await preview("free")).toMatchObject({
      to: { plan: "free", interval: null },
      timing: "period_end",
      effectiveAt: new Date(fake.periodEnd()).toISOString(),
      dueNow: null,
      nextCharge: null,
      usage: { meters: [{ after: { limit: 500 } }, { after: { limit: 10 } }] },
    });
    expect(askedFor("preview")).toHaveLength(before);
  });

  test("and changes nothing", async () => {
    await subscriber("plus");
    const count = () => database.pool().query("select count(*) from facts where user_id = $1", [userId]);
    const before = (await count()).rows;
    await preview("ultra");
    await preview("basic");
    expect((await count()).rows).toEqual(before);
    expect(await writer()).toMatchObject({ plan: "plus", scheduledPlan: null });
  });
});

describe("a change", () => {
  const change = async (shop: Parameters<typeof changePlan>[2], plan: string, interval?: Interval) =>
    changeViewSchema.parse(await changePlan(userId, { product: "writer", plan, interval }, shop));

  test("to more is asked for at once, and shown when its news comes", async () => {
    const { shop, askedFor } = playedShop(gateway);
    const fake = await subscriber("plus");
    expect(await change(shop, "Ultra")).toMatchObject({ outcome: "pending", plan: "ultra", url: null });
    expect(askedFor("change")).toEqual([
      { subscription: `sub_${userId}`, priceId: "price_writer_ultra_monthly", timing: "now" },
    ]);
    expect(await writer()).toMatchObject({ plan: "plus" });
    await deliver(gateway, fake.planChanged("ultra", Date.now()));
    expect(await writer()).toMatchObject({ plan: "ultra" });
  });

  test("whose charge needs the payer says where to pay", async () => {
    const { shop, clients } = playedShop(gateway);
    await subscriber("plus");
    clients.stripe.change = async () => ({ outcome: "payment_needed", url: "https://invoice.example/1" });
    expect(await change(shop, "ultra")).toMatchObject({ outcome: "payment_needed", url: "https://invoice.example/1" });
  });

  test("that is declined says so, and changes nothing", async () => {
    const { shop, failWith } = playedShop(gateway);
    await subscriber("plus");
    failWith(new ProcessorError("declined", "declined", "generic_decline"));
    expect(await refusal(change(shop, "ultra"))).toEqual({ problem: "payment_required", reason: "payment_declined" });
    expect(await writer()).toMatchObject({ plan: "plus" });
  });

  test("to less is kept, shown and undone", async () => {
    const { shop, askedFor } = playedShop(gateway);
    const fake = await subscriber("ultra");
    expect(await change(shop, "basic")).toMatchObject({
      outcome: "scheduled",
      effectiveAt: new Date(fake.periodEnd()).toISOString(),
    });
    expect(await writer()).toMatchObject({ plan: "ultra", scheduledPlan: "basic" });
    expect(askedFor("change")).toMatchObject([{ priceId: "price_writer_basic_monthly", timing: "renewal" }]);
    expect(await resumeSubscription(userId, "writer", shop)).toMatchObject({ outcome: "undone", plan: "ultra" });
    expect(askedFor("unschedule")).toEqual([`sub_${userId}`]);
    expect(await writer()).toMatchObject({ plan: "ultra", scheduledPlan: null });
  });

  test("choosing what one has takes it back as well", async () => {
    const { shop } = playedShop(gateway);
    await subscriber("ultra");
    await change(shop, "basic");
    expect(await change(shop, "ultra")).toMatchObject({ outcome: "undone" });
    expect(await refusal(change(shop, "ultra"))).toEqual({ problem: "conflict", reason: "already_on_plan" });
  });

  test("to less, whose answer was lost, stays kept: the job makes sure of it; refused, it is not kept", async () => {
    const { shop, failWith } = playedShop(gateway);
    await subscriber("ultra");
    failWith(new ProcessorError("away", "unavailable", null));
    expect(await change(shop, "basic")).toMatchObject({ outcome: "scheduled" });
    failWith(new ProcessorError("no", "invalid", "parameter_invalid"));
    expect(await refusal(change(shop, "plus"))).toEqual({ problem: "conflict", reason: "processor_refused" });
    expect(await writer()).toMatchObject({ scheduledPlan: "basic" });
  });

  test("to more, declined, leaves what was kept for later as it was", async () => {
    const { shop, clients, askedFor } = playedShop(gateway);
    await subscriber("plus");
    await change(shop, "basic");
    const answer = clients.stripe.change;
    clients.stripe.change = async (asked) => {
      if (asked.timing === "now") throw new ProcessorError("declined", "declined", null);
      return answer(asked);
    };
    expect(await refusal(change(shop, "ultra"))).toEqual({ problem: "payment_required", reason: "payment_declined" });
    expect(await writer()).toMatchObject({ plan: "plus", scheduledPlan: "basic" });
    expect(askedFor("change").at(-1)).toMatchObject({ priceId: "price_writer_basic_monthly", timing: "renewal" });
  });

  test("while a refund waits for approval, says that it waits for that", async () => {
    const { shop, failWith } = playedShop(gateway);
    await subscriber("plus");
    failWith(new ProcessorError("pending", "refund_pending", "subscription_outstanding_pending_refund"));
    const refused = await change(shop, "ultra").catch((thrown: unknown) => thrown);
    expect(refused).toMatchObject({ problem: "conflict", reason: "refund_pending" });
    expect(String(refused)).toContain("approv");
  });

  test("does not fit: which chatbots, before the processor is asked; nobody is kept from leaving", async () => {
    const { shop, asked } = playedShop(gateway);
    const price = { product: "chatbots", plan: "growth", interval: "monthly" } as const;
    const growth = fakeStripeSubscription({ id: `sub_${userId}`, userId, price, startsAt: BEGAN });
    await deliver(gateway, growth.created());
    for (let each = 0; each < 5; each += 1) await chatbotsTable(gateway).create(userId, `bot ${each}`);
    for (const ask of [previewChange, changePlan]) {
      const error = await ask(userId, { product: "chatbots", plan: "starter" }, shop).catch(
        (thrown: unknown) => thrown,
      );
      expect(error).toMatchObject({
        problem: "bad_input",
        reason: "chatbot_limit_exceeded",
        message: "Please delete 2 chatbot(s) to switch to Starter",
      });
    }
    expect(asked).toEqual([]);
    expect(await changePlan(userId, { product: "chatbots", plan: "free" }, shop)).toMatchObject({ plan: "free" });
  });

  test("of nothing: 409; an unknown plan: 400", async () => {
    const { shop } = playedShop(gateway);
    expect(await refusal(change(shop, "ultra"))).toEqual({ problem: "conflict", reason: "not_subscribed" });
    expect(await refusal(change(shop, "toString"))).toEqual({ problem: "bad_input", reason: "bad_input" });
  });

  test("of another user's subscription is not possible: each has their own", async () => {
    const { shop, asked } = playedShop(gateway);
    await subscriber("plus");
    expect(await refusal(changePlan("mallory", { product: "writer", plan: "ultra" }, shop))).toEqual({
      problem: "conflict",
      reason: "not_subscribed",
    });
    expect(asked).toEqual([]);
  });
});

describe("the end", () => {
  test("comes with the period, and can be taken back until then", async () => {
    const { shop, askedFor } = playedShop(gateway);
    const fake = await subscriber("plus");
    expect(await cancelSubscription(userId, "writer", shop)).toMatchObject({
      outcome: "pending",
      plan: "free",
      effectiveAt: new Date(fake.periodEnd()).toISOString(),
    });
    expect(askedFor("cancel")).toEqual([{ id: `sub_${userId}`, when: "period_end" }]);
    await deliver(gateway, fake.changed({ cancelAtPeriodEnd: true }, Date.now()));
    expect(await cancelSubscription(userId, "writer", shop)).toMatchObject({ outcome: "scheduled" });
    expect(askedFor("cancel")).toHaveLength(1);
    const toUltra = changePlan(userId, { product: "writer", plan: "ultra" }, shop);
    expect(await refusal(toUltra)).toEqual({ problem: "conflict", reason: "cancellation_scheduled" });
    expect(await resumeSubscription(userId, "writer", shop)).toMatchObject({ outcome: "pending", plan: "plus" });
    expect(askedFor("keep")).toEqual([`sub_${userId}`]);
  });

  test("takes a change that was kept for later along", async () => {
    const { shop, asked } = playedShop(gateway);
    await subscriber("ultra");
    await changePlan(userId, { product: "writer", plan: "basic" }, shop);
    await cancelSubscription(userId, "writer", shop);
    expect(asked.map(({ what }) => what)).toEqual(["change", "unschedule", "cancel"]);
    expect(await writer()).toMatchObject({ plan: "ultra", scheduledPlan: null });
  });

  test("of what is not paid comes at once", async () => {
    const { shop, askedFor } = playedShop(gateway);
    const fake = await subscriber("plus");
    await deliver(gateway, fake.changed({ status: "unpaid" }, Date.now()));
    await cancelSubscription(userId, "writer", shop);
    expect(askedFor("cancel")).toEqual([{ id: `sub_${userId}`, when: "now" }]);
  });

  test("of a pause is asked for; of nothing is refused", async () => {
    const { shop, askedFor } = playedShop(gateway);
    const fake = await subscriber("plus");
    expect(await refusal(resumeSubscription(userId, "writer", shop))).toEqual({
      problem: "conflict",
      reason: "nothing_to_resume",
    });
    await deliver(gateway, fake.changed({ pauseCollection: { behavior: "void", resumes_at: null } }, Date.now()));
    await resumeSubscription(userId, "writer", shop);
    expect(askedFor("unpause")).toEqual([`sub_${userId}`]);
  });
});

test("Paddle takes no change in the last half hour before its renewal, and is asked when it comes near", async () => {
  const { shop, asked } = playedShop(gateway);
  const price = { product: "writer", plan: "plus", interval: "monthly" } as const;
  const fake = fakePaddleSubscription({ id: `sub_${userId}`, price, startsAt: BEGAN });
  await gateway.linkTransaction("paddle", fake.transaction, userId);
  await deliverPaddle(gateway, fake.created());
  const toBasic = () => changePlan(userId, { product: "writer", plan: "basic" }, shop);
  const ends = Date.parse((await writer()).periodEnd ?? "");
  await gateway.setSandboxClock(userId, ends - 29 * MINUTE);
  expect(await refusal(toBasic())).toEqual({ problem: "conflict", reason: "renewal_under_way" });
  await gateway.setSandboxClock(userId, ends - 31 * MINUTE);
  expect(await toBasic()).toMatchObject({ outcome: "scheduled" });
  expect(await writer()).toMatchObject({ plan: "plus", scheduledPlan: "basic" });
  expect(asked).toEqual([]);
});
