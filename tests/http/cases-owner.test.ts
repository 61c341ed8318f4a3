/** The user of an event, over HTTP, with signed events: cases 8, 9, 20 and 22, moves and dismissals. */
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import * as paddle from "@/lib/sandbox/event-builders/paddle/events";
import { fakePaddleSubscription } from "@/lib/sandbox/event-builders/paddle/fake-subscription";
import { type StripeObject, sign } from "@/lib/sandbox/event-builders/stripe/events";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { type AppServer, appServer, SANDBOX, signedIn } from "@/tests/support/app-server";
import { testDatabase } from "@/tests/support/database";

const database = testDatabase();
const STRIPE_SECRET = "whsec_of_the_owner_cases";
const PADDLE_SECRET = "pdl_ntfset_of_the_owner_cases";
const environment = () => ({
  ...SANDBOX,
  DATABASE_URL: database.url,
  STRIPE_WEBHOOK_SECRET: STRIPE_SECRET,
  PADDLE_WEBHOOK_SECRET: PADDLE_SECRET,
});
const app = appServer(environment);

let cases = 0;
let [ada, ben] = ["", ""];
let admin: Record<string, string> = {};
beforeAll(async () => {
  admin = await signIn("admin");
});
beforeEach(() => {
  cases += 1;
  [ada, ben] = [`ada-${cases}`, `ben-${cases}`];
});

const signIn = (userId: string) => signedIn(app, userId);

async function stripe(event: StripeObject, to: AppServer = app) {
  const body = JSON.stringify(event);
  const headers = { "stripe-signature": sign(body, STRIPE_SECRET, Math.floor(Date.now() / 1000)) };
  return (await to.send("/api/webhook/stripe", { method: "POST", headers, body })).json;
}

async function fromPaddle(event: paddle.PaddleObject) {
  const body = JSON.stringify(event);
  const headers = { "paddle-signature": paddle.sign(body, PADDLE_SECRET, Math.floor(Date.now() / 1000)) };
  return (await app.send("/api/webhook/paddle", { method: "POST", headers, body })).json;
}

const asAdmin = (path: string, body?: unknown) =>
  app.send(path, { method: body === undefined ? "GET" : "POST", headers: admin, body });

async function writer(userId: string) {
  const { json } = await app.send("/api/subscription/usage", { headers: await signIn(userId) });
  const { subscriptions } = json as { subscriptions: { product: string; plan: string; status: string }[] };
  return subscriptions.find(({ product }) => product === "writer");
}

/** The text of the admin's page of the user. */
async function pageOf(userId: string) {
  const { text } = await asAdmin(`/admin/users/${userId}`);
  return text.replaceAll(/<[^>]*>/g, " ").replaceAll(/\s+/g, " ");
}

const play = (user = ada) =>
  fakeStripeSubscription({
    id: `sub_${user}`,
    userId: user,
    price: { product: "writer", plan: "ultra", interval: "yearly" },
    startsAt: Date.now() - 3 * DAY_MS,
  });
const naming = (user: string, event: StripeObject): StripeObject =>
  JSON.parse(JSON.stringify(event).replaceAll(`"user_id":"${ada}"`, `"user_id":"${user}"`));

describe("Case 8: an event of a linked subscription that names another user", () => {
  test("is applied to the linked user and flagged, also with a debt and with an end", async () => {
    const fake = play();
    await stripe(fake.created());
    expect(await stripe(naming(ben, fake.changed({}, Date.now() - 2 * DAY_MS)))).toMatchObject({ outcome: "applied" });
    await stripe(naming(ben, fake.changed({ status: "past_due" }, Date.now() - DAY_MS)));
    expect(await writer(ada)).toMatchObject({ plan: "ultra", status: "past_due" });
    const deleted = naming(ben, fake.deleted(Date.now() - HOUR_MS));
    expect(await stripe(deleted)).toMatchObject({ outcome: "applied", decision: { reason: "Subscription ended" } });
    expect(await writer(ada)).toMatchObject({ plan: "free", status: "canceled" });
    expect(await writer(ben)).toMatchObject({ plan: "free", status: "free" });
    expect((await asAdmin("/admin")).text).toContain("owner disputed");
  });

  test("counts for the new user after an admin's move, which the audit log records", async () => {
    const fake = play();
    await stripe(fake.created());
    const request = { processor: "stripe", subscriptionId: `sub_${ada}`, userId: ben };
    const moved = await asAdmin("/api/admin/links", request);
    expect(moved.json).toEqual({ linked: true, events: [], moved: { from: ada, at: expect.any(String) } });
    expect([await writer(ada), await writer(ben)]).toMatchObject([{ plan: "free" }, { plan: "ultra" }]);
    await stripe(fake.planChanged("plus", Date.now() + HOUR_MS));
    expect([await writer(ada), await writer(ben)]).toMatchObject([{ plan: "free" }, { plan: "plus" }]);
    expect((await asAdmin(`/api/admin/audit?userId=${ben}`)).text).toContain(`"from":"${ada}"`);
    expect((await asAdmin("/api/admin/links", request)).json).toEqual({ linked: true, events: [] });
  });

  test("can be linked in a list, with an answer for each item", async () => {
    await stripe(play().created());
    const { json, status } = await asAdmin("/api/admin/links", [
      { processor: "stripe", subscriptionId: "sub_unknown", userId: ben },
      { processor: "stripe", customerId: `cus_${ada}`, userId: ben },
      { processor: "stripe", subscriptionId: `sub_${ada}`, userId: ben },
    ]);
    expect(status).toBe(200);
    expect((json as { links: unknown[] }).links).toMatchObject([
      { subscriptionId: "sub_unknown", linked: false, reason: "subscription_not_found" },
      { customerId: `cus_${ada}`, linked: false, reason: "linked_to_another" },
      { subscriptionId: `sub_${ada}`, linked: true, moved: { from: ada } },
    ]);
    for (const wrong of [[], [{}], { processor: "stripe", customerId: "c", subscriptionId: "s", userId: ben }]) {
      expect((await asAdmin("/api/admin/links", wrong)).status, JSON.stringify(wrong)).toBe(400);
    }
  });
});

describe("Case 9: an event of a connected account", () => {
  const purchaseContext = appServer((url) => ({ ...environment(), STRIPE_ACCOUNT: "acct_1", APP_URL: url }));

  test("is ignored", async () => {
    expect(await stripe({ ...play().created(), account: "acct_1" })).toEqual({
      received: true,
      outcome: "ignored",
      reason: "other_account",
    });
    expect(await writer(ada)).toMatchObject({ plan: "free" });
  });

  test("is handled if STRIPE_ACCOUNT names the account", async () => {
    const fake = play();
    expect(await stripe({ ...fake.created(), account: "acct_2" }, purchaseContext)).toMatchObject({
      outcome: "ignored",
    });
    const planChanged = { ...fake.planChanged("plus", Date.now() - DAY_MS), account: "acct_1" };
    expect(await stripe(planChanged, purchaseContext)).toMatchObject({ outcome: "applied" });
    expect(await writer(ada)).toMatchObject({ plan: "plus" });
  });
});

test.each(["payment", "setup"])("Case 20: a completed checkout session in mode %s is ignored", async (mode) => {
  const object = { id: `cs_${cases}`, mode, customer: null, subscription: null, metadata: {} };
  const session = { id: `evt_session_${cases}`, type: "checkout.session.completed", created: 1_700_000_000 };
  expect(await stripe({ ...session, livemode: false, data: { object } })).toMatchObject({
    outcome: "ignored",
    reason: "no_subscription",
  });
  const waiting = await asAdmin("/api/admin/events?outcome=waiting&type=checkout");
  expect(waiting.json).toMatchObject({ events: [] });
});

describe("Case 22: a refund that arrives before the link", () => {
  const refund = () => ({
    id: `evt_refund_${ada}`,
    type: "charge.refunded",
    created: 1_700_000_000,
    livemode: false,
    data: { object: { id: `ch_${ada}`, customer: `cus_${ada}`, amount: 1999, amount_refunded: 500, currency: "usd" } },
  });

  test.each(["refund first", "link first"])("of Stripe is in the user's details: %s", async (order) => {
    const events = [refund(), play().created()];
    for (const event of order === "refund first" ? events : events.toReversed()) await stripe(event);
    expect(await pageOf(ada)).toMatch(/refund at stripe on [^:]+:\d\d[^:]*: 5\.00 usd/);
  });

  test("of Paddle is in the user's details", async () => {
    const startsAt = Date.now() - DAY_MS;
    const price = { product: "writer", plan: "plus", interval: "monthly" } as const;
    const fake = fakePaddleSubscription({ id: `sub_${ada}`, price, startsAt });
    const entity = paddle.adjustmentEntity({
      id: `adj_${ada}`,
      action: "refund",
      status: "approved",
      transaction: `txn_${ada}_renewal`,
      subscription: `sub_${ada}`,
      customer: fake.customer,
      amount: 700,
      at: startsAt,
    });
    await fromPaddle(paddle.event("adjustment.updated", entity, { id: `evt_${ada}_refund`, at: startsAt }));
    await fromPaddle(fake.created());
    await asAdmin("/api/admin/links", { processor: "paddle", customerId: fake.customer, userId: ada });
    expect(await writer(ada)).toMatchObject({ plan: "plus" });
    expect(await pageOf(ada)).toMatch(/refund at paddle on [^:]+:\d\d[^:]*: 7\.00 usd/);
  });
});

test("a waiting event is dismissed, and decided by a replay", async () => {
  const created = naming("", play().created());
  expect(await stripe(created)).toMatchObject({ outcome: "deferred" });
  const path = `/api/admin/events/stripe/${created.id}`;
  expect((await asAdmin(`${path}/dismiss`, {})).json).toEqual({ outcome: "ignored", reason: "dismissed" });
  await asAdmin("/api/admin/links", { processor: "stripe", customerId: `cus_${ada}`, userId: ada });
  expect(await writer(ada)).toMatchObject({ plan: "free" });
  expect((await asAdmin(`${path}/replay`, {})).json).toMatchObject({ outcome: "applied" });
  expect(await writer(ada)).toMatchObject({ plan: "ultra" });
  expect(await asAdmin(`${path}/dismiss`, {})).toMatchObject({ status: 409, json: { reason: "event_not_waiting" } });
});
