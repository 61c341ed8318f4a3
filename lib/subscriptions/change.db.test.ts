import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { changeViewSchema } from "@/lib/billing/schemas/purchase";
import { DAY_MS, MINUTE_MS } from "@/lib/billing/timeline/calendar";
import type { Interval } from "@/lib/billing/types";
import type { PlanName } from "@/lib/config/register";
import { DomainError } from "@/lib/core/domain-error";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { ProcessorError } from "@/lib/processors/processor-client";
import { fakePaddleSubscription } from "@/lib/sandbox/event-builders/paddle/fake-subscription";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { baysTable } from "@/tests/support/acme/bays";
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

/** A paid subscription that began ten days ago. */
async function subscriber(plan: string, interval: Interval = "monthly", status: "active" | "trialing" = "active") {
  const price = { product: "mail", plan, interval } as const;
  const fake = fakeStripeSubscription({ id: `sub_${userId}`, userId, price, startsAt: BEGAN, status });
  await deliver(gateway, fake.created());
  if (status === "active") await deliver(gateway, fake.paid("subscription_create", BEGAN + 1_000));
  return fake;
}

async function mail() {
  const found = (await gateway.usage(userId)).subscriptions.find(({ product }) => product === "mail");
  if (!found) throw new Error("no mail");
  return found;
}

const refusal = (request: Promise<unknown>) =>
  request.then(
    () => null,
    (error: unknown) => (error instanceof DomainError ? { problem: error.problem, reason: error.reason } : error),
  );

describe("a change", () => {
  const change = async (context: Parameters<typeof changePlan>[2], plan: PlanName, interval?: Interval) =>
    changeViewSchema.parse(await changePlan(userId, { product: "mail", plan, interval }, context));

  test("to a higher plan is requested at once, and applies when its event arrives", async () => {
    const { context, requestsOf } = fakeProcessors(gateway);
    const fake = await subscriber("silver");
    expect(await change(context, "Titanium" as PlanName)).toMatchObject({
      outcome: "pending",
      plan: "titanium",
      url: null,
    });
    expect(requestsOf("change")).toEqual([
      { subscription: `sub_${userId}`, priceId: "price_mail_titanium_monthly", timing: "now" },
    ]);
    expect(await mail()).toMatchObject({ plan: "silver" });
    await deliver(gateway, fake.planChanged("titanium", Date.now()));
    expect(await mail()).toMatchObject({ plan: "titanium" });
  });

  test("with a charge that needs the payer returns the address to pay", async () => {
    const { context, clients } = fakeProcessors(gateway);
    await subscriber("silver");
    clients.stripe.change = async () => ({ outcome: "payment_needed", url: "https://invoice.example/1" });
    expect(await change(context, "titanium")).toMatchObject({
      outcome: "payment_needed",
      url: "https://invoice.example/1",
    });
  });

  test("with a declined charge is refused with 402 and changes nothing", async () => {
    const { context, failWith } = fakeProcessors(gateway);
    await subscriber("silver");
    failWith(new ProcessorError("declined", "declined", "generic_decline"));
    expect(await refusal(change(context, "titanium"))).toEqual({
      problem: "payment_required",
      reason: "payment_declined",
    });
    expect(await mail()).toMatchObject({ plan: "silver" });
  });

  test("to a lower plan is scheduled, shown and undone", async () => {
    const { context, requestsOf } = fakeProcessors(gateway);
    const fake = await subscriber("titanium");
    expect(await change(context, "bronze")).toMatchObject({
      outcome: "scheduled",
      effectiveAt: new Date(fake.periodEnd()).toISOString(),
    });
    expect(await mail()).toMatchObject({ plan: "titanium", scheduledPlan: "bronze" });
    expect(requestsOf("change")).toMatchObject([{ priceId: "price_mail_bronze_monthly", timing: "renewal" }]);
    expect(await resumeSubscription(userId, "mail", context)).toMatchObject({ outcome: "undone", plan: "titanium" });
    expect(requestsOf("unschedule")).toEqual([`sub_${userId}`]);
    expect(await mail()).toMatchObject({ plan: "titanium", scheduledPlan: null });
  });

  test("to the current plan removes the scheduled change", async () => {
    const { context } = fakeProcessors(gateway);
    await subscriber("titanium");
    await change(context, "bronze");
    expect(await change(context, "titanium")).toMatchObject({ outcome: "undone" });
    expect(await refusal(change(context, "titanium"))).toEqual({ problem: "conflict", reason: "already_on_plan" });
  });

  test("to a lower plan stays scheduled after a lost answer, and not after a refusal", async () => {
    const { context, failWith } = fakeProcessors(gateway);
    await subscriber("titanium");
    failWith(new ProcessorError("away", "unavailable", null));
    expect(await change(context, "bronze")).toMatchObject({ outcome: "scheduled" });
    failWith(new ProcessorError("no", "invalid", "parameter_invalid"));
    expect(await refusal(change(context, "silver"))).toEqual({ problem: "conflict", reason: "processor_refused" });
    expect(await mail()).toMatchObject({ scheduledPlan: "bronze" });
  });

  test("to a higher plan keeps the scheduled change if the charge is declined", async () => {
    const { context, clients, requestsOf } = fakeProcessors(gateway);
    await subscriber("silver");
    await change(context, "bronze");
    const answer = clients.stripe.change;
    clients.stripe.change = async (request) => {
      if (request.timing === "now") throw new ProcessorError("declined", "declined", null);
      return answer(request);
    };
    expect(await refusal(change(context, "titanium"))).toEqual({
      problem: "payment_required",
      reason: "payment_declined",
    });
    expect(await mail()).toMatchObject({ plan: "silver", scheduledPlan: "bronze" });
    expect(requestsOf("change").at(-1)).toMatchObject({ priceId: "price_mail_bronze_monthly", timing: "renewal" });
  });

  test("during a refund that needs approval names the approval", async () => {
    const { context, failWith } = fakeProcessors(gateway);
    await subscriber("silver");
    failWith(new ProcessorError("pending", "refund_pending", "subscription_outstanding_pending_refund"));
    const refused = await change(context, "titanium").catch((thrown: unknown) => thrown);
    expect(refused).toMatchObject({ problem: "conflict", reason: "refund_pending" });
    expect(String(refused)).toContain("approv");
  });

  test("is refused before any request if the bays exceed the limit; a cancellation is possible", async () => {
    const { context, requests } = fakeProcessors(gateway);
    const price = { product: "depot", plan: "office", interval: "monthly" } as const;
    const office = fakeStripeSubscription({ id: `sub_${userId}`, userId, price, startsAt: BEGAN });
    await deliver(gateway, office.created());
    for (let each = 0; each < 5; each += 1) await baysTable(gateway).create(userId, `bay ${each}`);
    for (const ask of [previewChange, changePlan]) {
      const error = await ask(userId, { product: "depot", plan: "solo" }, context).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        problem: "bad_input",
        reason: "bay_limit_exceeded",
        message: "Please delete 2 bay(s) to switch to Solo",
      });
    }
    expect(requests).toEqual([]);
    expect(await changePlan(userId, { product: "depot", plan: "free" }, context)).toMatchObject({ plan: "free" });
  });

  test("without a subscription is a conflict, and to an unknown plan bad input", async () => {
    const { context } = fakeProcessors(gateway);
    expect(await refusal(change(context, "titanium"))).toEqual({ problem: "conflict", reason: "not_subscribed" });
    expect(await refusal(change(context, "toString" as PlanName))).toEqual({
      problem: "bad_input",
      reason: "bad_input",
    });
  });

  test("of another user's subscription is refused without a request", async () => {
    const { context, requests } = fakeProcessors(gateway);
    await subscriber("silver");
    expect(await refusal(changePlan("mallory", { product: "mail", plan: "titanium" }, context))).toEqual({
      problem: "conflict",
      reason: "not_subscribed",
    });
    expect(requests).toEqual([]);
  });
});

describe("a cancellation", () => {
  test("takes effect at the period's end, and can be undone until then", async () => {
    const { context, requestsOf } = fakeProcessors(gateway);
    const fake = await subscriber("silver");
    expect(await cancelSubscription(userId, "mail", context)).toMatchObject({
      outcome: "pending",
      plan: "free",
      effectiveAt: new Date(fake.periodEnd()).toISOString(),
    });
    expect(requestsOf("cancel")).toEqual([{ id: `sub_${userId}`, when: "period_end" }]);
    await deliver(gateway, fake.changed({ cancelAtPeriodEnd: true }, Date.now()));
    expect(await cancelSubscription(userId, "mail", context)).toMatchObject({ outcome: "scheduled" });
    expect(requestsOf("cancel")).toHaveLength(1);
    const toTitanium = changePlan(userId, { product: "mail", plan: "titanium" }, context);
    expect(await refusal(toTitanium)).toEqual({ problem: "conflict", reason: "cancellation_scheduled" });
    expect(await resumeSubscription(userId, "mail", context)).toMatchObject({ outcome: "pending", plan: "silver" });
    expect(requestsOf("undoCancel")).toEqual([`sub_${userId}`]);
  });

  test("removes a scheduled change", async () => {
    const { context, requests } = fakeProcessors(gateway);
    await subscriber("titanium");
    await changePlan(userId, { product: "mail", plan: "bronze" }, context);
    await cancelSubscription(userId, "mail", context);
    expect(requests.map(({ method }) => method)).toEqual(["change", "unschedule", "cancel"]);
    expect(await mail()).toMatchObject({ plan: "titanium", scheduledPlan: null });
  });

  test("of an unpaid subscription takes effect at once", async () => {
    const { context, requestsOf } = fakeProcessors(gateway);
    const fake = await subscriber("silver");
    await deliver(gateway, fake.changed({ status: "unpaid" }, Date.now()));
    await cancelSubscription(userId, "mail", context);
    expect(requestsOf("cancel")).toEqual([{ id: `sub_${userId}`, when: "now" }]);
  });

  test("or a pause is required for a resumption", async () => {
    const { context, requestsOf } = fakeProcessors(gateway);
    const fake = await subscriber("silver");
    expect(await refusal(resumeSubscription(userId, "mail", context))).toEqual({
      problem: "conflict",
      reason: "nothing_to_resume",
    });
    await deliver(gateway, fake.changed({ pauseCollection: { behavior: "void", resumes_at: null } }, Date.now()));
    await resumeSubscription(userId, "mail", context);
    expect(requestsOf("unpause")).toEqual([`sub_${userId}`]);
  });
});

test("Paddle accepts no change in the last half hour before a renewal", async () => {
  const { context, requests } = fakeProcessors(gateway);
  const price = { product: "mail", plan: "silver", interval: "monthly" } as const;
  const fake = fakePaddleSubscription({ id: `sub_${userId}`, price, startsAt: BEGAN });
  await gateway.linkTransaction("paddle", fake.transaction, userId);
  await deliverPaddle(gateway, fake.created());
  const toBronze = () => changePlan(userId, { product: "mail", plan: "bronze" }, context);
  const ends = Date.parse((await mail()).periodEnd ?? "");
  await gateway.setSandboxClock(userId, ends - 29 * MINUTE_MS);
  expect(await refusal(toBronze())).toEqual({ problem: "conflict", reason: "renewal_under_way" });
  await gateway.setSandboxClock(userId, ends - 31 * MINUTE_MS);
  expect(await toBronze()).toMatchObject({ outcome: "scheduled" });
  expect(await mail()).toMatchObject({ plan: "silver", scheduledPlan: "bronze" });
  expect(requests).toEqual([]);
});
