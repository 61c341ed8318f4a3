import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { chatbotsTable } from "@/app/(product)/chatbots/_lib/chatbots-table";
import { changeViewSchema } from "@/lib/billing/schemas/purchase";
import { DAY_MS, MINUTE_MS } from "@/lib/billing/timeline/calendar";
import type { Interval } from "@/lib/billing/types";
import { DomainError } from "@/lib/core/domain-error";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { ProcessorError } from "@/lib/processors/processor-client";
import { fakePaddleSubscription } from "@/lib/sandbox/event-builders/paddle/fake-subscription";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { testDatabase } from "@/tests/support/database";
import { fakeProcessors } from "@/tests/support/fake-processors";
import { deliverPaddle } from "@/tests/support/paddle";
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

const BEGAN = Math.floor(Date.now() / 1000) * 1000 - 10 * DAY_MS;

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

describe("a change", () => {
  const change = async (context: Parameters<typeof changePlan>[2], plan: string, interval?: Interval) =>
    changeViewSchema.parse(await changePlan(userId, { product: "writer", plan, interval }, context));

  test("to a higher plan is requested at once, and shown when its event arrives", async () => {
    const { context, requestsOf } = fakeProcessors(gateway);
    const fake = await subscriber("plus");
    expect(await change(context, "Ultra")).toMatchObject({ outcome: "pending", plan: "ultra", url: null });
    expect(requestsOf("change")).toEqual([
      { subscription: `sub_${userId}`, priceId: "price_writer_ultra_monthly", timing: "now" },
    ]);
    expect(await writer()).toMatchObject({ plan: "plus" });
    await deliver(gateway, fake.planChanged("ultra", Date.now()));
    expect(await writer()).toMatchObject({ plan: "ultra" });
  });

  test("whose charge needs the payer gives the address to pay", async () => {
    const { context, clients } = fakeProcessors(gateway);
    await subscriber("plus");
    clients.stripe.change = async () => ({ outcome: "payment_needed", url: "https://invoice.example/1" });
    expect(await change(context, "ultra")).toMatchObject({
      outcome: "payment_needed",
      url: "https://invoice.example/1",
    });
  });

  test("that is declined answers so, and changes nothing", async () => {
    const { context, failWith } = fakeProcessors(gateway);
    await subscriber("plus");
    failWith(new ProcessorError("declined", "declined", "generic_decline"));
    expect(await refusal(change(context, "ultra"))).toEqual({
      problem: "payment_required",
      reason: "payment_declined",
    });
    expect(await writer()).toMatchObject({ plan: "plus" });
  });

  test("to a lower plan is scheduled, shown and undone", async () => {
    const { context, requestsOf } = fakeProcessors(gateway);
    const fake = await subscriber("ultra");
    expect(await change(context, "basic")).toMatchObject({
      outcome: "scheduled",
      effectiveAt: new Date(fake.periodEnd()).toISOString(),
    });
    expect(await writer()).toMatchObject({ plan: "ultra", scheduledPlan: "basic" });
    expect(requestsOf("change")).toMatchObject([{ priceId: "price_writer_basic_monthly", timing: "renewal" }]);
    expect(await resumeSubscription(userId, "writer", context)).toMatchObject({ outcome: "undone", plan: "ultra" });
    expect(requestsOf("unschedule")).toEqual([`sub_${userId}`]);
    expect(await writer()).toMatchObject({ plan: "ultra", scheduledPlan: null });
  });

  test("choosing the current plan removes the scheduled change", async () => {
    const { context } = fakeProcessors(gateway);
    await subscriber("ultra");
    await change(context, "basic");
    expect(await change(context, "ultra")).toMatchObject({ outcome: "undone" });
    expect(await refusal(change(context, "ultra"))).toEqual({ problem: "conflict", reason: "already_on_plan" });
  });

  test("to a lower plan stays scheduled if the answer was lost, and not if it was refused", async () => {
    const { context, failWith } = fakeProcessors(gateway);
    await subscriber("ultra");
    failWith(new ProcessorError("away", "unavailable", null));
    expect(await change(context, "basic")).toMatchObject({ outcome: "scheduled" });
    failWith(new ProcessorError("no", "invalid", "parameter_invalid"));
    expect(await refusal(change(context, "plus"))).toEqual({ problem: "conflict", reason: "processor_refused" });
    expect(await writer()).toMatchObject({ scheduledPlan: "basic" });
  });

  test("to a higher plan, if declined, leaves the scheduled change as it was", async () => {
    const { context, clients, requestsOf } = fakeProcessors(gateway);
    await subscriber("plus");
    await change(context, "basic");
    const answer = clients.stripe.change;
    clients.stripe.change = async (request) => {
      if (request.timing === "now") throw new ProcessorError("declined", "declined", null);
      return answer(request);
    };
    expect(await refusal(change(context, "ultra"))).toEqual({
      problem: "payment_required",
      reason: "payment_declined",
    });
    expect(await writer()).toMatchObject({ plan: "plus", scheduledPlan: "basic" });
    expect(requestsOf("change").at(-1)).toMatchObject({ priceId: "price_writer_basic_monthly", timing: "renewal" });
  });

  test("during a refund that needs approval names the approval", async () => {
    const { context, failWith } = fakeProcessors(gateway);
    await subscriber("plus");
    failWith(new ProcessorError("pending", "refund_pending", "subscription_outstanding_pending_refund"));
    const refused = await change(context, "ultra").catch((thrown: unknown) => thrown);
    expect(refused).toMatchObject({ problem: "conflict", reason: "refund_pending" });
    expect(String(refused)).toContain("approv");
  });

  test("is refused before any request if chatbots do not fit, and names them; cancellation stays possible", async () => {
    const { context, requests } = fakeProcessors(gateway);
    const price = { product: "chatbots", plan: "growth", interval: "monthly" } as const;
    const growth = fakeStripeSubscription({ id: `sub_${userId}`, userId, price, startsAt: BEGAN });
    await deliver(gateway, growth.created());
    for (let each = 0; each < 5; each += 1) await chatbotsTable(gateway).create(userId, `bot ${each}`);
    for (const ask of [previewChange, changePlan]) {
      const error = await ask(userId, { product: "chatbots", plan: "starter" }, context).catch(
        (thrown: unknown) => thrown,
      );
      expect(error).toMatchObject({
        problem: "bad_input",
        reason: "chatbot_limit_exceeded",
        message: "Please delete 2 chatbot(s) to switch to Starter",
      });
    }
    expect(requests).toEqual([]);
    expect(await changePlan(userId, { product: "chatbots", plan: "free" }, context)).toMatchObject({ plan: "free" });
  });

  test("of nothing: 409; an unknown plan: 400", async () => {
    const { context } = fakeProcessors(gateway);
    expect(await refusal(change(context, "ultra"))).toEqual({ problem: "conflict", reason: "not_subscribed" });
    expect(await refusal(change(context, "toString"))).toEqual({ problem: "bad_input", reason: "bad_input" });
  });

  test("of another user's subscription is not possible: each has their own", async () => {
    const { context, requests } = fakeProcessors(gateway);
    await subscriber("plus");
    expect(await refusal(changePlan("mallory", { product: "writer", plan: "ultra" }, context))).toEqual({
      problem: "conflict",
      reason: "not_subscribed",
    });
    expect(requests).toEqual([]);
  });
});

describe("the end", () => {
  test("takes effect at the period's end, and can be undone until then", async () => {
    const { context, requestsOf } = fakeProcessors(gateway);
    const fake = await subscriber("plus");
    expect(await cancelSubscription(userId, "writer", context)).toMatchObject({
      outcome: "pending",
      plan: "free",
      effectiveAt: new Date(fake.periodEnd()).toISOString(),
    });
    expect(requestsOf("cancel")).toEqual([{ id: `sub_${userId}`, when: "period_end" }]);
    await deliver(gateway, fake.changed({ cancelAtPeriodEnd: true }, Date.now()));
    expect(await cancelSubscription(userId, "writer", context)).toMatchObject({ outcome: "scheduled" });
    expect(requestsOf("cancel")).toHaveLength(1);
    const toUltra = changePlan(userId, { product: "writer", plan: "ultra" }, context);
    expect(await refusal(toUltra)).toEqual({ problem: "conflict", reason: "cancellation_scheduled" });
    expect(await resumeSubscription(userId, "writer", context)).toMatchObject({ outcome: "pending", plan: "plus" });
    expect(requestsOf("undoCancel")).toEqual([`sub_${userId}`]);
  });

  test("removes a scheduled change", async () => {
    const { context, requests } = fakeProcessors(gateway);
    await subscriber("ultra");
    await changePlan(userId, { product: "writer", plan: "basic" }, context);
    await cancelSubscription(userId, "writer", context);
    expect(requests.map(({ method }) => method)).toEqual(["change", "unschedule", "cancel"]);
    expect(await writer()).toMatchObject({ plan: "ultra", scheduledPlan: null });
  });

  test("of an unpaid subscription takes effect at once", async () => {
    const { context, requestsOf } = fakeProcessors(gateway);
    const fake = await subscriber("plus");
    await deliver(gateway, fake.changed({ status: "unpaid" }, Date.now()));
    await cancelSubscription(userId, "writer", context);
    expect(requestsOf("cancel")).toEqual([{ id: `sub_${userId}`, when: "now" }]);
  });

  test("of a pause is requested; without a pause or an end it is refused", async () => {
    const { context, requestsOf } = fakeProcessors(gateway);
    const fake = await subscriber("plus");
    expect(await refusal(resumeSubscription(userId, "writer", context))).toEqual({
      problem: "conflict",
      reason: "nothing_to_resume",
    });
    await deliver(gateway, fake.changed({ pauseCollection: { behavior: "void", resumes_at: null } }, Date.now()));
    await resumeSubscription(userId, "writer", context);
    expect(requestsOf("unpause")).toEqual([`sub_${userId}`]);
  });
});

test("Paddle accepts no change in the last half hour before a renewal", async () => {
  const { context, requests } = fakeProcessors(gateway);
  const price = { product: "writer", plan: "plus", interval: "monthly" } as const;
  const fake = fakePaddleSubscription({ id: `sub_${userId}`, price, startsAt: BEGAN });
  await gateway.linkTransaction("paddle", fake.transaction, userId);
  await deliverPaddle(gateway, fake.created());
  const toBasic = () => changePlan(userId, { product: "writer", plan: "basic" }, context);
  const ends = Date.parse((await writer()).periodEnd ?? "");
  await gateway.setSandboxClock(userId, ends - 29 * MINUTE_MS);
  expect(await refusal(toBasic())).toEqual({ problem: "conflict", reason: "renewal_under_way" });
  await gateway.setSandboxClock(userId, ends - 31 * MINUTE_MS);
  expect(await toBasic()).toMatchObject({ outcome: "scheduled" });
  expect(await writer()).toMatchObject({ plan: "plus", scheduledPlan: "basic" });
  expect(requests).toEqual([]);
});
