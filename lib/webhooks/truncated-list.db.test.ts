/** A subscription with more items than Stripe writes into an event: the rest is fetched after the answer. */
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { priceLists, sales } from "@/lib/config/current-catalog";
import { log } from "@/lib/core/observability";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { stripeClient } from "@/lib/processors/stripe/client";
import { type ItemSpec, planPrice } from "@/lib/sandbox/event-builders/stripe/events";
import { fakeStripe, httpClientOver } from "@/lib/sandbox/stripe";
import type { AccountState } from "@/lib/sandbox/stripe/account-state";
import { emitChange } from "@/lib/sandbox/stripe/emit";
import { subscriptionOf } from "@/lib/sandbox/stripe/objects";
import { testDatabase } from "@/tests/support/database";
import { createFakeStripe } from "@/tests/support/fake-stripe";
import { fakeApi, refusal } from "@/tests/support/fake-stripe-api";
import { fetchIncomplete } from "./refresh";

const database = testDatabase();
const gateway = createGateway(postgresTransport(database.url));
afterAll(() => gateway.end());

const { sandbox, stripe, delivered, pay } = createFakeStripe(gateway);
const { sold, find } = priceLists("stripe", {}, { sandbox: true });
const httpClient = httpClientOver(() => sandbox, "http://localhost:3000");
const reached = {
  client: stripeClient({ apiKey: "sk_test_sandbox", sales: sales(), findPrice: find, httpClient }),
  sold,
};

const mail = (plan: string) => planPrice({ product: "mail", plan, interval: "monthly" });
const office = planPrice({ product: "depot", plan: "office", interval: "monthly" });
/** Items that a business sells beside the plan; the catalog lists none of their prices. */
const addOns: ItemSpec[] = Array.from({ length: 10 }, (_, index) => ({
  id: `si_addon_${index}`,
  price: { ...mail("silver"), id: `price_addon_${index}`, product: `prod_addon_${index}`, nickname: `Add-on ${index}` },
}));

let users = 0;
let user = "";
afterEach(async () => {
  vi.restoreAllMocks();
  await sandbox.idle();
});
beforeEach(() => {
  users += 1;
  user = `truncated-${users}`;
});

async function subscribe() {
  const { id: customer } = await stripe.customers.create({ metadata: { user_id: user } });
  const session = await stripe.checkout.sessions.create({
    mode: "subscription",
    customer,
    line_items: [{ price: "price_mail_silver_monthly", quantity: 1 }],
    subscription_data: { metadata: { user_id: user } },
    success_url: "http://localhost:3000/billing",
  });
  await pay(session.id);
  const { subscription } = await stripe.checkout.sessions.retrieve(session.id);
  const subject = { userId: user, processor: "stripe" as const, subscription: subscription as string };
  return subject;
}

/** The business replaces the subscription's items in Stripe's dashboard. */
async function giveItems(subscription: string, items: ItemSpec[]) {
  await sandbox.command<AccountState>(
    {
      of: { object: subscription },
      run: (step) => {
        const [held] = step.state.subscriptions;
        if (!held) throw new Error("no subscription");
        const object = () => subscriptionOf(step.state, held);
        emitChange(step, "customer.subscription.updated", object, () => {
          held.items = items;
        });
        return { status: 200, body: {} };
      },
    },
    fakeStripe,
  );
  await sandbox.idle();
}

async function plan(of = "mail") {
  const found = (await gateway.usage(user)).subscriptions.find(({ product }) => product === of);
  return found?.plan;
}
const factCount = async () =>
  (await database.pool().query("select 1 from facts where user_id = $1", [user])).rows.length;

describe("a subscription with more than ten items", () => {
  test("has ten in its event, with the address of the rest", async () => {
    const { subscription } = await subscribe();
    await giveItems(subscription, [...addOns, { id: "si_plan", price: mail("titanium") }]);
    const { object, outcome } = delivered.at(-1) as (typeof delivered)[0];
    expect(outcome).toBe("applied");
    expect(object.items).toMatchObject({
      has_more: true,
      total_count: 11,
      data: addOns.map(({ id }) => ({ id })),
      url: `/v1/subscription_items?subscription=${subscription}`,
    });
    const first = await stripe.subscriptionItems.list({ subscription });
    expect(first).toMatchObject({ has_more: true, data: addOns.map(({ id }) => ({ id })) });
    const rest = await stripe.subscriptionItems.list({ subscription, starting_after: "si_addon_9" });
    expect(rest).toMatchObject({
      has_more: false,
      data: [{ id: "si_plan", price: { id: "price_mail_titanium_monthly" } }],
    });
    await expect(stripe.subscriptionItems.list({ subscription: "sub_none" })).rejects.toMatchObject({
      code: "resource_missing",
    });
  });

  test("gets its new plan by a fetch of the rest", async () => {
    const subject = await subscribe();
    await giveItems(subject.subscription, [...addOns, { id: "si_plan", price: mail("titanium") }]);
    expect(await plan()).toBe("silver");
    await fetchIncomplete(subject, async () => reached, gateway);
    expect(await plan()).toBe("titanium");
  });

  test("loses its plan if the whole list lacks it", async () => {
    const subject = await subscribe();
    await giveItems(subject.subscription, [...addOns, { id: "si_bots", price: office }]);
    expect(await plan()).toBe("silver");
    await fetchIncomplete(subject, async () => reached, gateway);
    expect(await plan()).toBe("free");
    expect(await plan("depot")).toBe("office");
  });

  test("keeps one product's plan if only another product's items are new", async () => {
    const subject = await subscribe();
    const bots = { id: "si_bots", price: office };
    await giveItems(subject.subscription, [bots, { id: "si_plan", price: mail("silver") }]);
    expect([await plan(), await plan("depot")]).toEqual(["silver", "office"]);
    // The event's list has no change for the depot; the whole list has one for the mail.
    await giveItems(subject.subscription, [bots, ...addOns, { id: "si_plan", price: mail("titanium") }]);
    await fetchIncomplete(subject, async () => reached, gateway);
    expect([await plan(), await plan("depot")]).toEqual(["titanium", "office"]);
    const { facts } = await gateway.loadTimeline(user, "depot");
    expect(facts.at(-1)?.id).toMatch(/^stripe:read:/);
  });

  test("is not fetched without a key, and nothing changes", async () => {
    const subject = await subscribe();
    await giveItems(subject.subscription, [...addOns, { id: "si_plan", price: mail("titanium") }]);
    const known = await factCount();
    const warned = vi.spyOn(log, "warn");
    await fetchIncomplete(subject, async () => undefined, gateway);
    expect(await plan()).toBe("silver");
    expect(await factCount()).toBe(known);
    expect(warned).not.toHaveBeenCalled();
  });

  test.each([
    ["the subscription", 0],
    ["its items", 1],
  ])("does not change if Stripe fails to answer for %s, and the failure is logged", async (_, answered) => {
    const subject = await subscribe();
    await giveItems(subject.subscription, [...addOns, { id: "si_plan", price: mail("titanium") }]);
    const known = await factCount();
    const whole = (delivered.at(-1) as (typeof delivered)[0]).object;
    const down = refusal(500, "api_error");
    const { client, requests } = await fakeApi(...(answered ? [whole, down, down] : [down, down]));
    const warned = vi.spyOn(log, "warn");
    await fetchIncomplete(subject, async () => ({ client }), gateway);
    expect(requests.at(-1)?.request).toBe(
      answered ? "GET /v1/subscription_items" : `GET /v1/subscriptions/${subject.subscription}`,
    );
    expect(await plan()).toBe("silver");
    expect(await factCount()).toBe(known);
    expect(warned).toHaveBeenCalledWith(
      expect.objectContaining(subject),
      "[Webhook] A subscription whose event was incomplete was not fetched",
    );
  });

  test("is not added to another user", async () => {
    const subject = await subscribe();
    await giveItems(subject.subscription, [...addOns, { id: "si_plan", price: mail("titanium") }]);
    await fetchIncomplete({ ...subject, userId: "mallory" }, async () => reached, gateway);
    expect(await plan()).toBe("silver");
    const mallory = (await gateway.usage("mallory")).subscriptions;
    expect(mallory.every(({ plan: held }) => held === "free")).toBe(true);
  });
});

test("a receipt names the subscription to fetch only if its list was truncated", async () => {
  const { subscription } = await subscribe();
  expect(delivered.at(-1)?.truncated).toBeUndefined();
  await giveItems(subscription, [...addOns, { id: "si_plan", price: mail("silver") }]);
  expect(delivered.at(-1)?.truncated).toEqual({ userId: user, processor: "stripe", subscription });
  await giveItems(subscription, [...addOns.slice(1), { id: "si_plan", price: mail("silver") }]);
  expect(delivered.at(-1)?.truncated).toBeUndefined();
});
