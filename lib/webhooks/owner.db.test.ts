/** The user of an event: its account of origin, its links, and an event that names two users. */
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { DAY_MS } from "@/lib/billing/timeline/calendar";
import { createGateway } from "@/lib/database/gateway";
import { retryWebhooks } from "@/lib/jobs/retry";
import type { StripeObject } from "@/lib/sandbox/event-builders/stripe/events";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { testDatabase } from "@/tests/support/database";
import { deliver } from "@/tests/support/stripe";
import { linkCustomer } from "./link-customer";

const database = testDatabase();
const gateway = createGateway(database.transport());
afterAll(() => gateway.end());

let users = 0;
let userId = "";
beforeEach(() => {
  users += 1;
  userId = `owner-${users}`;
});

const TITANIUM = { product: "mail", plan: "titanium", interval: "yearly" } as const;

function play(user = userId) {
  return fakeStripeSubscription({
    id: `sub_${user}`,
    userId: user,
    price: TITANIUM,
    startsAt: Date.now() - 3 * DAY_MS,
  });
}

async function mail(user = userId) {
  return (await gateway.usage(user)).subscriptions.find(({ product }) => product === "mail");
}

describe("Case 9: an event of a connected account", () => {
  const connected = (event: StripeObject): StripeObject => ({ ...event, account: "acct_1" });

  test("is stored and ignored", async () => {
    const created = connected(play().created());
    expect((await deliver(gateway, created)).body).toEqual({
      received: true,
      outcome: "ignored",
      reason: "other_account",
    });
    expect(await mail()).toMatchObject({ plan: "free" });
    expect(await gateway.loadWebhookEvent("stripe", String(created.id))).toMatchObject({ outcome: "ignored" });
  });

  test("is ignored when the settings name another account, also in the other mode", async () => {
    const created = connected({ ...play().created(), livemode: true });
    expect((await deliver(gateway, created, { connectedAccount: "acct_2" })).body).toMatchObject({
      outcome: "ignored",
      reason: "other_account",
    });
  });

  test("is handled if the settings name its account, and so is an event of our own account", async () => {
    const fake = play();
    const settings = { connectedAccount: "acct_1" };
    expect((await deliver(gateway, connected(fake.created()), settings)).body).toMatchObject({ outcome: "applied" });
    expect(await mail()).toMatchObject({ plan: "titanium" });
    expect((await deliver(gateway, fake.deleted(Date.now()), settings)).body).toMatchObject({ outcome: "applied" });
  });
});

describe("Case 20: a completed checkout session without a subscription", () => {
  const session = (changes: object) => ({
    id: `evt_session_${userId}`,
    type: "checkout.session.completed",
    created: Math.floor(Date.now() / 1000),
    livemode: false,
    data: { object: { id: "cs_1", customer: `cus_${userId}`, subscription: null, metadata: {}, ...changes } },
  });

  test.each(["payment", "setup"])("in mode %s is ignored, and no alert counts it", async (mode) => {
    expect((await deliver(gateway, session({ mode }))).body).toMatchObject({
      outcome: "ignored",
      reason: "no_subscription",
    });
    const { inbox } = await gateway.billingMetrics();
    expect(inbox.filter(({ state }) => state === "deferred")).toEqual([]);
  });

  test("links the customer when our server named the user", async () => {
    const linked = session({ mode: "setup", metadata: { user_id: userId } });
    expect((await deliver(gateway, linked)).body).toMatchObject({ outcome: "applied" });
    const { links } = await gateway.userDetail(userId, 1);
    expect(links).toMatchObject([{ kind: "customer", externalId: `cus_${userId}` }]);
  });
});

describe("Case 8: an event of a linked subscription that names another user", () => {
  const flags = async (user = userId) =>
    (await gateway.userDetail(user, 20)).decisions.map(({ reason, flags: raised }) => [
      reason,
      raised.map(({ kind }) => kind),
    ]);
  const naming = (user: string, event: StripeObject): StripeObject =>
    JSON.parse(JSON.stringify(event).replaceAll(`"user_id":"${userId}"`, `"user_id":"${user}"`));

  test("is applied to the known user and flagged, until the subscription ends", async () => {
    const fake = play();
    const thief = `${userId}-thief`;
    await deliver(gateway, fake.created());
    const updated = naming(thief, fake.changed({}, Date.now() - 2 * DAY_MS));
    expect((await deliver(gateway, updated)).body).toMatchObject({ outcome: "applied" });
    const pastDue = naming(thief, fake.changed({ status: "past_due" }, Date.now() - DAY_MS));
    await deliver(gateway, pastDue);
    expect(await mail()).toMatchObject({ plan: "titanium", status: "past_due" });
    const deleted = naming(thief, fake.deleted(Date.now() - 1000));
    expect((await deliver(gateway, deleted)).body).toMatchObject({
      outcome: "applied",
      decision: { reason: "Subscription ended" },
    });

    expect(await mail()).toMatchObject({ plan: "free", status: "canceled" });
    expect(await mail(thief)).toMatchObject({ plan: "free", status: "free" });
    expect(await flags()).toEqual([
      ["Subscription ended", ["owner_disputed"]],
      ["No billing change", ["owner_disputed"]],
      ["No billing change", ["owner_disputed"]],
      ["New subscription", []],
    ]);
    expect((await gateway.serviceHealth(24)).flags).toContainEqual(
      expect.objectContaining({ userId, flag: "owner_disputed", eventId: deleted.id }),
    );
    expect((await gateway.userDetail(userId, 1)).links.map(({ externalId }) => externalId)).toEqual([
      `cus_${userId}`,
      `sub_${userId}`,
    ]);
  });

  test("is applied at an unlisted price, too", async () => {
    const fake = play();
    await deliver(gateway, fake.created());
    const text = JSON.stringify(naming("thief", fake.deleted(Date.now() - 1000)));
    await deliver(gateway, JSON.parse(text.replaceAll("price_mail_titanium_yearly", "price_of_another_shop")));
    expect(await mail()).toMatchObject({ plan: "free", status: "canceled" });
    expect((await flags())[0]).toEqual(["Subscription ended", ["owner_disputed"]]);
  });

  test("changes no link and is flagged if it only links", async () => {
    await deliver(gateway, play().created());
    const session = {
      id: `evt_session_${userId}`,
      type: "checkout.session.completed",
      created: 1_700_000_000,
      livemode: false,
      data: {
        object: { customer: `cus_${userId}-new`, subscription: `sub_${userId}`, metadata: { user_id: "thief" } },
      },
    };
    expect((await deliver(gateway, session)).body).toMatchObject({ outcome: "applied" });
    expect(await gateway.loadWebhookEvent("stripe", session.id)).toMatchObject({ reason: "owner_disputed" });
    expect((await gateway.userDetail(userId, 1)).links).toHaveLength(2);
  });

  test("waits while its subscription has no user, and is applied afterwards", async () => {
    const fake = play();
    const created = fake.created();
    await linkCustomer({ processor: "stripe", customerId: `cus_${userId}`, userId }, gateway);
    const updated = naming("thief", fake.planChanged("silver", Date.now() - DAY_MS));
    expect((await deliver(gateway, updated)).body).toMatchObject({ outcome: "quarantined", reason: "link_conflict" });
    expect(await mail()).toMatchObject({ plan: "free" });
    await deliver(gateway, created);
    expect(await mail()).toMatchObject({ plan: "silver", interval: "yearly" });
  });

  test("is decided by the retry job if an older version quarantined it", async () => {
    const fake = play();
    await deliver(gateway, fake.created());
    const ended = naming("thief", fake.deleted(Date.now() - 1000));
    const raw = Buffer.from(JSON.stringify(ended));
    const stored = { processor: "stripe", id: String(ended.id), type: String(ended.type) } as const;
    await gateway.recordWebhookEvent({ ...stored, raw, payload: ended, livemode: false, occurredAt: 0 });
    const conclusion = { outcome: "quarantined", reason: "link_conflict", subscription: `sub_${userId}` } as const;
    await gateway.finishWebhookEvent(stored, conclusion);
    await database.pool().query("update webhook_events set next_attempt_at = now() where id = $1", [stored.id]);
    await retryWebhooks(gateway);
    expect(await mail()).toMatchObject({ plan: "free", status: "canceled" });
  });
});
