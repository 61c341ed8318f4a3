/** Purchases that are refused before a checkout exists. */

import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { checkoutRequest } from "@/lib/billing/schemas/purchase-requests";
import { DAY_MS } from "@/lib/billing/timeline/calendar";
import { DomainError } from "@/lib/core/domain-error";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { baysTable } from "@/tests/support/acme/bays";
import { testDatabase } from "@/tests/support/database";
import { fakeProcessors } from "@/tests/support/fake-processors";
import { deliver } from "@/tests/support/stripe";
import { checkout } from "./checkout";
import { returnFromCheckout } from "./checkout-return";

const database = testDatabase();
const gateway = createGateway(postgresTransport(database.url));

afterAll(() => gateway.end());

let users = 0;

let buyer = { id: "", email: "one@example.com" };

beforeEach(() => {
  users += 1;
  buyer = { id: `buyer-${users}`, email: "one@example.com" };
});

const wants = (plan: string, rest: object = {}) => checkoutRequest.parse({ product: "mail", plan, ...rest });
const refusal = (request: Promise<unknown>) =>
  request.then(
    () => null,
    (error: unknown) => (error instanceof DomainError ? { problem: error.problem, reason: error.reason } : error),
  );

async function mail(userId = buyer.id) {
  const found = (await gateway.usage(userId)).subscriptions.find(({ product }) => product === "mail");
  if (!found) throw new Error("no mail");
  return found;
}

describe("a purchase is refused for", () => {
  const fake = (status: "active" | "incomplete" = "active") => {
    const price = { product: "mail", plan: "silver", interval: "monthly" } as const;
    return fakeStripeSubscription({
      id: `sub_${buyer.id}`,
      userId: buyer.id,
      price,
      startsAt: Date.now() - DAY_MS,
      status,
    });
  };

  test("too many bays, before a checkout exists, also if the user is subscribed", async () => {
    const { context, requests } = fakeProcessors(gateway);
    const price = { product: "depot", plan: "office", interval: "monthly" } as const;
    const office = fakeStripeSubscription({
      id: `sub_c${buyer.id}`,
      userId: buyer.id,
      price,
      startsAt: Date.now() - DAY_MS,
    });
    await deliver(gateway, office.created());
    for (let each = 0; each < 5; each += 1) await baysTable(gateway).create(buyer.id, `bay ${each}`);
    const wanted = checkoutRequest.parse({ product: "depot", plan: "Solo" });
    const error = await checkout(buyer, wanted, context).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      problem: "bad_input",
      reason: "bay_limit_exceeded",
      message: "Please delete 2 bay(s) to switch to Solo",
    });
    expect(await refusal(checkout(buyer, { ...wanted, plan: "company" }, context))).toEqual({
      problem: "conflict",
      reason: "already_subscribed",
    });
    expect(requests).toEqual([]);
  });

  test.each([
    ["free", "plan_not_sold"],
    ["office", "bad_input"],
    ["constructor", "bad_input"],
  ])("the plan %s: %s", async (plan, reason) => {
    const { context } = fakeProcessors(gateway);
    expect(await refusal(checkout(buyer, wants(plan), context))).toEqual({ problem: "bad_input", reason });
  });

  test("a processor that is not configured", async () => {
    const { context } = fakeProcessors(gateway);
    const closed = { ...context, getProcessor: async () => undefined };
    expect(await refusal(checkout(buyer, wants("silver"), closed))).toEqual({
      problem: "not_found",
      reason: "processor_not_configured",
    });
  });

  test("a processor that cannot open checkouts", async () => {
    const { context, clients, checkouts } = fakeProcessors(gateway);
    const closed = {
      ...context,
      getProcessor: async () => ({ client: clients.stripe, sold: () => "price_1", sells: false }),
    };
    expect(await refusal(checkout(buyer, wants("silver"), closed))).toEqual({
      problem: "not_found",
      reason: "processor_not_configured",
    });
    expect(checkouts).toEqual([]);
  });

  test("a price that the installation does not sell", async () => {
    const { context, clients } = fakeProcessors(gateway);
    const without = {
      ...context,
      getProcessor: async () => ({ client: clients.stripe, sold: () => undefined, sells: true }),
    };
    expect(await refusal(checkout(buyer, wants("silver"), without))).toEqual({
      problem: "bad_input",
      reason: "plan_not_sold",
    });
  });

  test("a second subscription, also while the first payment is open, until the first one ends", async () => {
    const { context, checkouts } = fakeProcessors(gateway);
    const first = fake("incomplete");
    await deliver(gateway, first.created());
    const again = () => refusal(checkout(buyer, wants("titanium"), context));
    expect(await again()).toEqual({ problem: "conflict", reason: "already_subscribed" });
    await deliver(gateway, first.changed({ status: "active" }, Date.now() - DAY_MS + 5_000));
    expect(await again()).toEqual({ problem: "conflict", reason: "already_subscribed" });
    await deliver(gateway, first.deleted(Date.now()));
    expect(await again()).toBeNull();
    expect(checkouts).toHaveLength(1);
  });

  test("a subscription only while it is live at the processor, also if the event of its end was lost", async () => {
    const { context, clients, checkouts } = fakeProcessors(gateway);
    const price = { product: "mail", plan: "silver", interval: "monthly" } as const;
    const startsAt = Date.now() - 90 * DAY_MS;
    const lost = fakeStripeSubscription({ id: `sub_${buyer.id}`, userId: buyer.id, price, startsAt });
    await deliver(gateway, lost.created());
    expect(await mail()).toMatchObject({ plan: "free" });
    clients.stripe.subscription = async (id) => ({
      identity: { customer: `cus_${buyer.id}`, subscription: id, trustedUserId: buyer.id },
      timestampSource: "fetch",
      shared: null,
      facts: [
        {
          product: "mail",
          fact: {
            kind: "snapshot",
            id: `stripe:read:${id}:1:snapshot`,
            processor: "stripe",
            subscription: id,
            at: startsAt + 40 * DAY_MS,
            changeType: "deleted",
            state: {
              plan: "silver",
              interval: "monthly",
              quantity: 1,
              status: "canceled",
              periodStart: startsAt,
              periodEnd: startsAt + 30 * DAY_MS,
              cancelAt: null,
              trialEnd: null,
              collectionPaused: false,
            },
            previous: null,
          },
        },
      ],
    });
    await checkout(buyer, wants("silver"), context);
    expect(checkouts).toHaveLength(1);
  });

  test("a second trial, and for a trial at Paddle, which belongs to the price there", async () => {
    const { context, checkouts, pay } = fakeProcessors(gateway);
    const trial = await checkout(buyer, wants("silver", { trial: true }), context);
    expect(checkouts[0]?.request.trialDays).toBe(14);
    const subscription = pay(checkouts[0]?.id as string, Date.now() - DAY_MS);
    await returnFromCheckout(buyer.id, trial.checkout, context);
    expect(await mail()).toMatchObject({ plan: "silver", status: "trialing" });
    const ended = fakeStripeSubscription({
      id: subscription,
      userId: buyer.id,
      price: { product: "mail", plan: "silver", interval: "monthly" },
      startsAt: Date.now() - DAY_MS,
    });
    await deliver(gateway, ended.deleted(Date.now()));
    expect(await refusal(checkout(buyer, wants("silver", { trial: true }), context))).toEqual({
      problem: "conflict",
      reason: "trial_used",
    });
    expect(await refusal(checkout(buyer, wants("silver", { trial: true, processor: "paddle" }), context))).toEqual({
      problem: "bad_input",
      reason: "no_trial",
    });
    await checkout(buyer, wants("silver"), context);
  });
});
