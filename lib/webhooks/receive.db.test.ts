import { afterAll, describe, expect, test } from "vitest";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import type { ProductId } from "@/lib/config/catalog";
import { createGateway } from "@/lib/database/gateway";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { testDatabase } from "@/tests/support/database";
import { deliver } from "@/tests/support/stripe";

const database = testDatabase();
const gateway = createGateway(database.transport());
afterAll(() => gateway.end());

async function subscription(userId: string, product: ProductId = "mail") {
  const view = (await gateway.usage(userId)).subscriptions.find((entry) => entry.product === product);
  if (!view) throw new Error(`${userId} has no ${product}`);
  return view;
}

async function stamps(userId: string) {
  const [meter] = (await subscription(userId)).meters;
  return { used: meter?.used, limit: meter?.limit };
}

const mail = (plan: string, interval: "monthly" | "yearly" = "monthly") =>
  ({ product: "mail", plan, interval }) as const;

// Each test continues the one before.
describe("one subscriber's month", { shuffle: false }, () => {
  const userId = "subscriber";
  // Begun 20 days ago, so that current usage is in its first period; at noon, so that an hour later is the same day.
  const startsAt = Math.floor(Date.now() / DAY_MS) * DAY_MS - 19.5 * DAY_MS;
  const fake = fakeStripeSubscription({ id: "sub_subscriber", userId, price: mail("silver"), startsAt });

  test("a new user has the free plan", async () => {
    expect(await subscription(userId)).toMatchObject({ plan: "free", status: "free", processor: null });
    expect(await stamps(userId)).toEqual({ used: 0, limit: 500 });
  });

  test("customer.subscription.created begins the plan", async () => {
    const receipt = await deliver(gateway, fake.created());
    expect(receipt).toMatchObject({
      status: 200,
      body: { received: true, outcome: "applied", decision: { action: "reset", reason: "New subscription" } },
    });
    expect(await subscription(userId)).toMatchObject({ plan: "silver", status: "active", processor: "stripe" });
    expect(await stamps(userId)).toEqual({ used: 0, limit: 15_000 });
  });

  test("an upgrade inside the period keeps the usage", async () => {
    expect(await gateway.consume(userId, "stamps_used", 12_000)).toMatchObject({ allowed: true, remaining: 3_000 });
    const receipt = await deliver(gateway, fake.planChanged("titanium", Date.now()));
    expect(receipt.body.decision).toEqual({ action: "preserve", reason: "Plan change mid-cycle detected" });
    expect(await stamps(userId)).toEqual({ used: 12_000, limit: 35_000 });
  });

  test("the renewal resets once, and its event again is a duplicate", async () => {
    await gateway.setSandboxClock(userId, fake.periodEnd() + HOUR_MS);
    const renewal = fake.renewed();
    const receipt = await deliver(gateway, renewal);
    expect(receipt.body.decision).toEqual({ action: "reset", reason: "Billing period renewal detected" });
    expect(await stamps(userId)).toEqual({ used: 0, limit: 35_000 });

    await gateway.consume(userId, "stamps_used", 100);
    expect((await deliver(gateway, renewal)).body).toMatchObject({ outcome: "duplicate" });
    const paid = fake.paid("subscription_cycle", fake.periodEnd() - 29 * DAY_MS);
    expect((await deliver(gateway, paid)).body.decision).toEqual({ action: "preserve", reason: "Payment confirmed" });
    expect(await stamps(userId)).toEqual({ used: 100, limit: 35_000 });
  });

  test("the end begins the free plan and keeps the usage", async () => {
    await gateway.consume(userId, "stamps_used", 400);
    await deliver(gateway, fake.deleted(fake.periodEnd() - 28 * DAY_MS));
    await gateway.setSandboxClock(userId, fake.periodEnd() - 28 * DAY_MS + HOUR_MS);
    expect(await subscription(userId)).toMatchObject({ plan: "free", status: "canceled", processor: null });
    expect(await stamps(userId)).toEqual({ used: 500, limit: 500 });
  });
});

test("usage after the period's start and before its event counts in the new period", async () => {
  const userId = "late-event";
  const fake = fakeStripeSubscription({ id: "sub_late", userId, price: mail("silver"), startsAt: Date.now() });
  await deliver(gateway, fake.created());
  await gateway.setSandboxClock(userId, fake.periodEnd() - HOUR_MS);
  await gateway.consume(userId, "stamps_used", 9_000);
  await gateway.setSandboxClock(userId, fake.periodEnd() + HOUR_MS);
  await gateway.consume(userId, "stamps_used", 70);
  expect(await stamps(userId)).toEqual({ used: 9_070, limit: 15_000 });

  await deliver(gateway, fake.renewed());
  expect(await stamps(userId)).toEqual({ used: 70, limit: 15_000 });
});

test("a renewal by a processor's test clock, which runs ahead of ours, applies at once", async () => {
  const userId = "test-clock";
  const fake = fakeStripeSubscription({
    id: "sub_clock",
    userId,
    price: mail("silver"),
    startsAt: Date.now() - DAY_MS,
  });
  await deliver(gateway, fake.created());
  await gateway.consume(userId, "stamps_used", 15_000);
  const receipt = await deliver(gateway, fake.renewed({ at: Date.now() }));
  expect(receipt.body.decision).toEqual({ action: "reset", reason: "Billing period renewal detected" });
  expect(await stamps(userId)).toEqual({ used: 0, limit: 15_000 });
  // Usage after the renewal counts in the current window.
  await gateway.consume(userId, "stamps_used", 8);
  await deliver(gateway, fake.planChanged("titanium", Date.now()));
  expect(await stamps(userId)).toEqual({ used: 8, limit: 35_000 });
});

test("usage on the free plan after an end on a test clock stays counted there", async () => {
  const userId = "test-clock-end";
  const fake = fakeStripeSubscription({
    id: "sub_clock_end",
    userId,
    price: mail("silver"),
    startsAt: Date.now() - DAY_MS,
  });
  await deliver(gateway, fake.created());
  await deliver(gateway, fake.deleted(Date.now() + 5 * DAY_MS));
  await gateway.consume(userId, "stamps_used", 30);
  // Any later event computes the counters again.
  await deliver(gateway, fake.paid("subscription_create", Date.now()));
  expect(await subscription(userId)).toMatchObject({ plan: "free" });
  expect(await stamps(userId)).toEqual({ used: 30, limit: 500 });
});

test("an unpaid renewal credits the usage at once, and withholds it while it is owed", async () => {
  const userId = "owing";
  const fake = fakeStripeSubscription({
    id: "sub_owing",
    userId,
    price: mail("silver"),
    startsAt: Date.now() - 2 * DAY_MS,
  });
  await deliver(gateway, fake.created());
  await gateway.consume(userId, "stamps_used", 9_000);
  const renewedAt = fake.periodEnd();
  await gateway.setSandboxClock(userId, renewedAt + 2 * HOUR_MS);
  await deliver(gateway, fake.renewed());
  await gateway.consume(userId, "stamps_used", 1_000);
  const meter = async () => (await subscription(userId)).meters[0];
  expect(await meter()).toMatchObject({ used: 1_000, unpaidHeld: 0, remaining: 14_000 });

  await deliver(gateway, fake.changed({ status: "past_due" }, renewedAt + HOUR_MS));
  expect(await meter()).toMatchObject({ used: 1_000, unpaidHeld: 9_000, remaining: 5_000 });
  expect(await gateway.consume(userId, "stamps_used", 5_001)).toMatchObject({
    allowed: false,
    reason: "payment_pending",
  });
  expect(await subscription(userId)).toMatchObject({
    graceUntil: new Date(renewedAt + HOUR_MS + 7 * DAY_MS).toISOString(),
  });

  await deliver(gateway, fake.paid("subscription_cycle", renewedAt + 2 * HOUR_MS));
  await deliver(gateway, fake.changed({ status: "active" }, renewedAt + 2 * HOUR_MS));
  expect(await meter()).toMatchObject({ used: 1_000, unpaidHeld: 0, remaining: 14_000 });
});

test("a switch from monthly to yearly credits the elapsed share only", async () => {
  const userId = "switcher";
  const startsAt = Date.UTC(2026, 5, 1);
  await gateway.setSandboxClock(userId, startsAt);
  const fake = fakeStripeSubscription({ id: "sub_switch", userId, price: mail("silver"), startsAt });
  await deliver(gateway, fake.created());
  await gateway.consume(userId, "stamps_used", 15_000);

  const at = startsAt + 3 * DAY_MS;
  await gateway.setSandboxClock(userId, at);
  const yearly = fakeStripeSubscription({ id: "sub_switch", userId, price: mail("silver", "yearly"), startsAt: at });
  const [after, before] = [yearly.created(), fake.created()] as { data: { object: object } }[];
  const receipt = await deliver(gateway, {
    ...after,
    id: "evt_switch",
    type: "customer.subscription.updated",
    created: at / 1000,
    data: { object: after?.data.object, previous_attributes: before?.data.object },
  });
  expect(receipt.body.decision).toEqual({ action: "carry_over", reason: "Billing cycle restarted mid-period" });
  // 3 of June's 30 days: 15,000 * 3/30 are credited.
  expect(await stamps(userId)).toEqual({ used: 13_500, limit: 15_000 });
  expect(await subscription(userId)).toMatchObject({ interval: "yearly", resetsAt: "2026-07-04T00:00:00.000Z" });
});

describe("events that change nothing", () => {
  test("are deferred for an unknown user, ignored by type, and quarantined for an unknown price or the other mode", async () => {
    const stranger = fakeStripeSubscription({
      id: "sub_stranger",
      userId: "x",
      price: mail("silver"),
      startsAt: Date.now(),
    });
    const created = stranger.created() as { data: { object: Record<string, unknown> } };
    const unlinked = { ...created, id: "evt_unlinked", data: { object: { ...created.data.object, metadata: {} } } };
    expect((await deliver(gateway, unlinked)).body).toMatchObject({ outcome: "deferred", reason: "unknown_user" });
    expect((await deliver(gateway, { ...created, id: "evt_type", type: "customer.created" })).body).toMatchObject({
      outcome: "ignored",
    });
    expect((await deliver(gateway, { ...created, id: "evt_live", livemode: true })).body).toMatchObject({
      outcome: "quarantined",
      reason: "other_livemode",
    });
    const other = fakeStripeSubscription({ id: "sub_other", userId: "y", price: mail("silver"), startsAt: Date.now() });
    const text = JSON.stringify(other.created()).replaceAll("price_mail_silver_monthly", "price_other");
    expect((await deliver(gateway, JSON.parse(text))).body).toMatchObject({
      outcome: "quarantined",
      reason: "unknown_price",
    });
    expect(await subscription("y")).toMatchObject({ plan: "free" });
    expect(await subscription("x")).toMatchObject({ plan: "free" });
  });

  test("are those that name another user for a known customer", async () => {
    const mine = fakeStripeSubscription({
      id: "sub_mine",
      userId: "owner",
      price: mail("silver"),
      startsAt: Date.now(),
    });
    await deliver(gateway, mine.created());
    const other = { id: "sub_stolen", customer: "cus_mine", price: mail("titanium"), startsAt: Date.now() };
    const stolen = fakeStripeSubscription({ ...other, userId: "thief" }).created();
    expect((await deliver(gateway, stolen)).body).toMatchObject({ outcome: "quarantined", reason: "link_conflict" });
    expect(await subscription("owner")).toMatchObject({ plan: "silver" });
    expect(await subscription("thief")).toMatchObject({ plan: "free" });

    // The subscription belongs to the owner: its event with the thief's name is applied to the owner.
    const text = JSON.stringify({ ...mine.planChanged("titanium", Date.now()), id: "evt_theft" });
    const disputed = JSON.parse(text.replaceAll('"user_id":"owner"', '"user_id":"thief"'));
    expect((await deliver(gateway, disputed)).body).toMatchObject({ outcome: "applied" });
    expect(await subscription("owner")).toMatchObject({ plan: "titanium" });
    expect(await subscription("thief")).toMatchObject({ plan: "free" });
  });
});

test("the end of a subscription of two products ends both, also if its last items name one", async () => {
  const userId = "two-products";
  const items = (event: object, id: string) => {
    const text = JSON.stringify(event);
    const copy = JSON.parse(text) as { id: string; data: { object: { items: { data: object[] } } } };
    const [mailItem] = copy.data.object.items.data;
    const bots = JSON.parse(JSON.stringify(mailItem).replaceAll("mail_silver", "depot_office"));
    copy.data.object.items.data.push({ ...bots, id: "si_bots" });
    return { ...copy, id };
  };
  for (const order of ["in order", "end first"]) {
    const user = `${userId}-${order.replaceAll(" ", "-")}`;
    const id = `sub_${user}`;
    const fake = fakeStripeSubscription({ id, userId: user, price: mail("silver"), startsAt: Date.now() - 5 * DAY_MS });
    const created = items(fake.created(), `evt_${user}_both`);
    const ended = fake.deleted(Date.now() - DAY_MS);
    for (const event of order === "in order" ? [created, ended] : [ended, created]) await deliver(gateway, event);
    expect(await subscription(user), order).toMatchObject({ plan: "free", status: "canceled" });
    expect(await subscription(user, "depot"), order).toMatchObject({ plan: "free", status: "canceled" });
  }
});
