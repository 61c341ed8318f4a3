/** An admin moves a subscription from one user to another, with deliveries before, after and at the same moment. */
import { beforeEach, describe, expect, test } from "vitest";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import type { Gateway } from "@/lib/database";
import type { StripeObject } from "@/lib/sandbox/event-builders/stripe/events";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { interrupted, readingSeparately } from "@/tests/support/interrupted";
import { meteredDatabase } from "@/tests/support/metered";
import { deliver } from "@/tests/support/stripe";
import { link } from "./link-customer";
import { rebuild } from "./rebuild";

const { gateway, query, meter } = meteredDatabase();

let users = 0;
let [ada, ben] = ["", ""];
beforeEach(() => {
  users += 1;
  [ada, ben] = [`ada-${users}`, `ben-${users}`];
});

const price = (plan: string, interval: "monthly" | "yearly" = "monthly") =>
  ({ product: "mail", plan, interval }) as const;
const play = (plan = "silver", startsAt = Date.now() - 3 * DAY_MS) =>
  fakeStripeSubscription({ id: `sub_${ada}`, userId: ada, price: price(plan), startsAt });
const moveTo = (userId: string, over: Gateway = gateway) =>
  link({ processor: "stripe", subscriptionId: `sub_${ada}`, userId }, over);
const mail = async (user: string) =>
  (await gateway.usage(user)).subscriptions.find(({ product }) => product === "mail");
const reasonsOf = async (user: string) =>
  (await gateway.userDetail(user, 50)).decisions.map(({ reason, product }) => `${product}: ${reason}`);
const flags = async (user: string) =>
  (await gateway.userDetail(user, 50)).decisions.flatMap(({ flags: raised }) => raised.map(({ kind }) => kind));
const revisions = async (user: string) =>
  query("select product, revision::int from subscriptions where user_id = $1 order by product", [user]);

/** The stored state of both users equals the fold of their facts and ledger. */
async function expectRebuilt() {
  for (const user of [ada, ben])
    for (const product of ["mail", "depot"] as const)
      expect((await rebuild(gateway, user, product, false)).differences, `${user} ${product}`).toEqual([]);
}

describe("Case 8: a subscription that an admin moves", () => {
  test("counts for the new user from that instant, with all later events", async () => {
    const fake = fakeStripeSubscription({
      id: `sub_${ada}`,
      userId: ada,
      price: price("titanium", "yearly"),
      startsAt: Date.now() - 3 * DAY_MS,
    });
    await deliver(gateway, fake.created());
    await gateway.consume(ada, "stamps_used", 20_000);
    await gateway.consume(ben, "stamps_used", 300);

    const { moved } = await moveTo(ben);
    expect(moved).toEqual({ from: ada, at: expect.any(String) });
    expect(await mail(ada)).toMatchObject({ plan: "free", status: "canceled", processor: null });
    expect(await mail(ben)).toMatchObject({ plan: "titanium", status: "active", interval: "yearly" });
    // The free plan keeps the usage above its limit; the new user's usage of the subscription is 0.
    expect(await meter(ada, "stamps_used")).toMatchObject({ used: 20_000, limit: 500, remaining: 0 });
    expect(await meter(ben, "stamps_used")).toMatchObject({ used: 0, limit: 35_000 });
    await gateway.consume(ben, "stamps_used", 1_000);
    expect(await meter(ben, "stamps_used")).toMatchObject({ used: 1_000 });
    expect(await reasonsOf(ada)).toEqual(["mail: Subscription moved to another user", "mail: New subscription"]);
    expect(await reasonsOf(ben)).toEqual(["mail: Subscription moved from another user"]);

    // The metadata and the customer still name the former user; the admin's decision counts.
    await deliver(gateway, fake.changed({ status: "past_due" }, Date.now() + HOUR_MS));
    expect(await mail(ben)).toMatchObject({ plan: "titanium", status: "past_due" });
    const receipt = await deliver(gateway, fake.deleted(Date.now() + 2 * HOUR_MS));
    expect(receipt.body).toMatchObject({ outcome: "applied", decision: { reason: "Subscription ended" } });
    expect(await mail(ben)).toMatchObject({ plan: "free", status: "canceled" });
    expect(await flags(ben)).toEqual([]);
    expect(await reasonsOf(ada)).toHaveLength(2);
    await expectRebuilt();
  });

  test("is flagged if an event names a third user after the move", async () => {
    const fake = play();
    await deliver(gateway, fake.created());
    await moveTo(ben);
    const event = JSON.stringify(fake.planChanged("titanium", Date.now() + HOUR_MS));
    await deliver(gateway, JSON.parse(event.replaceAll(`"user_id":"${ada}"`, '"user_id":"carl"')));
    expect(await mail(ben)).toMatchObject({ plan: "titanium" });
    expect(await flags(ben)).toEqual(["owner_disputed"]);
  });

  test("to its current user changes nothing", async () => {
    await deliver(gateway, play().created());
    const before = await revisions(ada);
    expect(await moveTo(ada)).toEqual({ linked: true, events: [] });
    expect(await revisions(ada)).toEqual(before);
    await moveTo(ben);
    const after = await revisions(ben);
    expect(await moveTo(ben)).toEqual({ linked: true, events: [] });
    expect(await revisions(ben)).toEqual(after);
    expect(await reasonsOf(ben)).toHaveLength(1);
  });

  test("without an event is refused, and creates no user", async () => {
    await expect(moveTo(ben)).rejects.toMatchObject({ problem: "not_found", reason: "subscription_not_found" });
    expect(await query("select from users where user_id = $1", [ben])).toEqual([]);
  });

  test("without a user, since its events name two, is linked, and its events are decided", async () => {
    await link({ processor: "stripe", customerId: `cus_${ada}`, userId: ben }, gateway);
    const fake = play();
    const created = fake.created();
    expect((await deliver(gateway, created)).body).toMatchObject({ outcome: "quarantined", reason: "link_conflict" });
    expect(await moveTo(ada)).toEqual({ linked: true, events: [{ id: created.id, outcome: "applied" }] });
    expect(await mail(ada)).toMatchObject({ plan: "silver" });
    expect(await flags(ada)).toEqual(["owner_disputed"]);
  });

  test("and moves back shows each user's own counters again", async () => {
    const fake = play();
    await deliver(gateway, fake.created());
    await gateway.consume(ada, "stamps_used", 9_000);
    await moveTo(ben);
    await gateway.consume(ben, "stamps_used", 14_000);
    await moveTo(ada);
    expect(await meter(ada, "stamps_used")).toMatchObject({ used: 9_000, limit: 15_000 });
    expect(await mail(ben)).toMatchObject({ plan: "free", status: "canceled" });
    await moveTo(ben);
    expect(await meter(ben, "stamps_used")).toMatchObject({ used: 14_000, limit: 15_000 });
    await moveTo(ada);
    await deliver(gateway, fake.deleted(Date.now() + HOUR_MS));
    expect(await mail(ada)).toMatchObject({ plan: "free" });
    expect(await reasonsOf(ben)).not.toContain("mail: Subscription ended");
    await expectRebuilt();
  });

  test("moves with both of its products, also after its end", async () => {
    const fake = play();
    const both = JSON.parse(JSON.stringify(fake.created()));
    const [item] = both.data.object.items.data;
    both.data.object.items.data.push(JSON.parse(JSON.stringify(item).replaceAll("mail_silver", "depot_office")));
    await deliver(gateway, both);
    await moveTo(ben);
    const plans = async (user: string) => (await gateway.usage(user)).subscriptions.map(({ plan }) => plan).toSorted();
    expect([await plans(ada), await plans(ben)]).toEqual([
      ["free", "free"],
      ["office", "silver"],
    ]);
    await deliver(gateway, fake.deleted(Date.now() + HOUR_MS));
    expect(await plans(ben)).toEqual(["free", "free"]);
    await moveTo(ada);
    expect(await plans(ada)).toEqual(["free", "free"]);
    await expectRebuilt();
  });

  test("adds no later fact to the erased account of the former user", async () => {
    const fake = play();
    await deliver(gateway, fake.created());
    await moveTo(ben);
    expect(await gateway.eraseAccount(ada)).toEqual({ erased: true });
    await deliver(gateway, fake.planChanged("titanium", Date.now() - DAY_MS));
    expect(await mail(ben)).toMatchObject({ plan: "titanium" });
    expect(await query("select from facts where user_id = $1", [ada])).toEqual([]);
  });
});

describe("deliveries around a move", () => {
  test("of events before the move apply to both users, at any time", async () => {
    const fake = play();
    await deliver(gateway, fake.created());
    const late = fake.planChanged("titanium", Date.now() - DAY_MS);
    await moveTo(ben);
    await deliver(gateway, late);
    expect(await reasonsOf(ada)).toContain("mail: Plan change mid-cycle detected");
    expect(await mail(ben)).toMatchObject({ plan: "titanium" });
    expect(await mail(ada)).toMatchObject({ plan: "free" });

    const ended = fake.deleted(Date.now() - HOUR_MS);
    await deliver(gateway, ended);
    await deliver(gateway, ended);
    expect(await mail(ben)).toMatchObject({ plan: "free", status: "canceled" });
    expect(await reasonsOf(ada)).toContain("mail: Subscription ended");
    await expectRebuilt();
  });

  test.each([
    ["receiveWebhookEvent", "before"],
    ["receiveWebhookEvent", "after"],
    ["resolveLinks", "before"],
    ["resolveLinks", "after"],
    ["loadLatest", "before"],
    ["loadLatest", "after"],
  ] as const)(
    "are kept if the move is concurrent with their decision (in %s, an event from %s the move)",
    async (method, when) => {
      const fake = play();
      await deliver(gateway, fake.created());
      const at = when === "before" ? Date.now() - DAY_MS : Date.now() + HOUR_MS;
      const event = fake.planChanged("titanium", at);
      const over = method === "receiveWebhookEvent" ? gateway : readingSeparately(gateway);
      const receipt = await deliver(
        interrupted(over, method, () => moveTo(ben)),
        event,
      );
      expect(receipt.body).toMatchObject({ outcome: "applied" });
      expect(await mail(ben)).toMatchObject({ plan: "titanium" });
      expect(await mail(ada)).toMatchObject({ plan: "free" });
      expect((await reasonsOf(ada)).includes("mail: Plan change mid-cycle detected")).toBe(when === "before");
      await expectRebuilt();
    },
  );

  test.each([1, 2, 3, 4])("that commit after the move has loaded %i timelines move as well", async (nth) => {
    const fake = play();
    await deliver(gateway, fake.created());
    const event = fake.planChanged("titanium", Date.now() - DAY_MS);
    const over = interrupted(gateway, "loadTimeline", () => deliver(gateway, event), nth);
    await moveTo(ben, over);
    expect(await mail(ben)).toMatchObject({ plan: "titanium" });
    expect(await reasonsOf(ada)).toContain("mail: Plan change mid-cycle detected");
    await expectRebuilt();
  });

  test("concurrent with moves, on separate connections, end as if they were sequential", async () => {
    const fake = play();
    const events: StripeObject[] = [
      fake.created(),
      fake.paid("subscription_create", Date.now() - 3 * DAY_MS + HOUR_MS),
      fake.planChanged("titanium", Date.now() - DAY_MS),
      fake.changed({ cancelAtPeriodEnd: true }, Date.now() - HOUR_MS),
    ];
    await deliver(gateway, events[0] as StripeObject);
    await Promise.all([
      ...events.map((event) => deliver(gateway, event)),
      moveTo(ben),
      ...events.map((event) => deliver(gateway, event)),
      moveTo(ben),
    ]);
    expect(await mail(ben)).toMatchObject({ plan: "titanium", cancelAt: expect.any(String) });
    expect(await mail(ada)).toMatchObject({ plan: "free" });
    const facts = (user: string) =>
      query("select fact_id from facts where user_id = $1 and kind <> 'transfer' order by 1", [user]);
    expect(await facts(ada)).toEqual(await facts(ben));
    expect(await facts(ben)).toHaveLength(4);
    await expectRebuilt();
  });

  test("two concurrent moves to two users leave one owner", async () => {
    await deliver(gateway, play().created());
    const carl = `carl-${users}`;
    await Promise.all([moveTo(ben), moveTo(carl)]);
    const plans = [await mail(ada), await mail(ben), await mail(carl)].map((view) => view?.plan);
    expect(plans.filter((plan) => plan === "silver")).toHaveLength(1);
    expect(plans[0]).toBe("free");
    await expectRebuilt();
  });
});
