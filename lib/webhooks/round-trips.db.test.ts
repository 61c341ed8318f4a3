/** The calls of a delivery, and the transactions that write: each is a round trip and a flush. */
import { beforeEach, expect, test } from "vitest";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import { createGateway } from "@/lib/database/gateway";
import { fakePaddleSubscription } from "@/lib/sandbox/event-builders/paddle/fake-subscription";
import type { StripeObject } from "@/lib/sandbox/event-builders/stripe/events";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { countedTransport } from "@/tests/support/counted-transport";
import { testDatabase } from "@/tests/support/database";
import { deliverPaddle } from "@/tests/support/paddle";
import { deliver } from "@/tests/support/stripe";
import { link } from "./link-customer";

const database = testDatabase();
const transport = countedTransport(() => database.pool());
const gateway = createGateway(transport);

let users = 0;
let user = "";
let fake: ReturnType<typeof play>;
beforeEach(() => {
  users += 1;
  user = `counted-${users}`;
  fake = play();
});

const price = { product: "mail", plan: "silver", interval: "monthly" } as const;
const startsAt = Date.now() - 40 * DAY_MS;
const play = () => fakeStripeSubscription({ id: `sub_${user}`, userId: user, price, startsAt });

/** The event with other text in it. */
const changed = (event: StripeObject, from: string, to: string): StripeObject =>
  JSON.parse(JSON.stringify(event).replaceAll(from, to));
const unlisted = (event: StripeObject) => changed(event, "price_mail_silver_monthly", "price_unlisted");

function withDepot(event: StripeObject): StripeObject {
  const copy = JSON.parse(JSON.stringify(event)) as { data: { object: { items: { data: object[] } } } };
  const [item] = copy.data.object.items.data;
  copy.data.object.items.data.push(
    JSON.parse(JSON.stringify(item).replaceAll("mail_silver", "depot_office").replaceAll("si_", "si_depot_")),
  );
  return copy as unknown as StripeObject;
}

const stripeEvent = (type: string, object: StripeObject): StripeObject => ({
  id: `evt_${type}_${user}`,
  type,
  created: Math.floor(Date.now() / 1000),
  livemode: false,
  data: { object },
});
const refund = () =>
  stripeEvent("charge.refunded", { id: "ch", customer: `cus_${user}`, amount: 9, amount_refunded: 5, currency: "usd" });

const RECEIVE = "receive_webhook_event";
const COMMIT = "commit_timeline";
const KNOWN = () => [fake.created()];

interface Case {
  kind: string;
  /** Events from before. */
  before?: () => StripeObject[];
  event: () => StripeObject;
  outcome: string;
  calls: string[];
}

const CASES: Case[] = [
  { kind: "a first purchase", event: () => fake.created(), outcome: "applied", calls: [RECEIVE, COMMIT] },
  { kind: "a renewal", before: KNOWN, event: () => fake.renewed(), outcome: "applied", calls: [RECEIVE, COMMIT] },
  {
    kind: "a payment",
    before: KNOWN,
    event: () => fake.paid("subscription_create", startsAt + HOUR_MS),
    outcome: "applied",
    calls: [RECEIVE, COMMIT],
  },
  {
    kind: "the end of a subscription",
    before: KNOWN,
    event: () => fake.deleted(startsAt + DAY_MS),
    outcome: "applied",
    calls: [RECEIVE, COMMIT],
  },
  {
    kind: "an ignored type",
    event: () => stripeEvent("customer.created", { id: "cus" }),
    outcome: "ignored",
    calls: [RECEIVE],
  },
  {
    kind: "another account",
    event: () => ({ ...fake.created(), account: "acct_another" }),
    outcome: "ignored",
    calls: [RECEIVE],
  },
  {
    kind: "the other mode",
    event: () => ({ ...fake.created(), livemode: true }),
    outcome: "quarantined",
    calls: [RECEIVE],
  },
  {
    kind: "an unknown status",
    event: () => changed(fake.created(), '"status":"active"', '"status":"new"'),
    outcome: "quarantined",
    calls: [RECEIVE],
  },
  { kind: "a duplicate", before: KNOWN, event: () => play().created(), outcome: "duplicate", calls: [RECEIVE] },
  {
    kind: "an unknown user",
    event: () => changed(fake.created(), `"user_id":"${user}"`, '"other":""'),
    outcome: "deferred",
    calls: [RECEIVE, "finish_webhook_event"],
  },
  {
    kind: "an unlisted price of an unknown subscription",
    event: () => unlisted(fake.created()),
    outcome: "quarantined",
    calls: [RECEIVE, "finish_webhook_event"],
  },
  {
    kind: "an unlisted price of a known subscription",
    before: KNOWN,
    event: () => unlisted(fake.renewed()),
    outcome: "applied",
    calls: [RECEIVE, COMMIT],
  },
  {
    kind: "a purchase of two products",
    event: () => withDepot(fake.created()),
    outcome: "applied",
    calls: [RECEIVE, COMMIT, COMMIT],
  },
  {
    kind: "the end of two products that names one",
    before: () => [withDepot(fake.created())],
    event: () => fake.deleted(startsAt + DAY_MS),
    outcome: "applied",
    calls: [RECEIVE, COMMIT, COMMIT],
  },
  {
    kind: "a refund of a known customer",
    before: KNOWN,
    event: refund,
    outcome: "applied",
    calls: [RECEIVE, "add_notes"],
  },
  { kind: "a refund of an unknown customer", event: refund, outcome: "applied", calls: [RECEIVE, "add_notes"] },
];

test.each(CASES)("$kind is $outcome by $calls", async ({ before, event, outcome, calls }) => {
  for (const earlier of before?.() ?? []) await deliver(gateway, earlier);
  const delivered = event();
  transport.take();
  expect((await deliver(gateway, delivered)).body).toMatchObject({ outcome });
  expect(transport.take()).toEqual({ calls, flushes: calls.length });
});

test("a renewal at Paddle is applied by two calls", async () => {
  const paddle = fakePaddleSubscription({ id: `sub_${user}`, price, startsAt });
  await gateway.linkTransaction("paddle", paddle.transaction, user);
  await deliverPaddle(gateway, paddle.created());
  transport.take();
  expect((await deliverPaddle(gateway, paddle.renewed())).body).toMatchObject({ outcome: "applied" });
  expect(transport.take()).toEqual({ calls: [RECEIVE, COMMIT], flushes: 2 });
});

test("an event of a moved subscription reads and commits the former user's timeline as well", async () => {
  await deliver(gateway, fake.created());
  await link({ processor: "stripe", subscriptionId: `sub_${user}`, userId: `${user}-new` }, gateway);
  transport.take();
  await deliver(gateway, fake.planChanged("titanium", startsAt + DAY_MS));
  expect(transport.take().calls).toEqual([RECEIVE, "known_products", "load_timeline", COMMIT, COMMIT]);
});

test("an event that releases another decides that one by separate calls", async () => {
  await deliver(gateway, changed(fake.paid("subscription_create", startsAt), `"user_id":"${user}"`, '"other":""'));
  transport.take();
  await deliver(gateway, fake.created());
  expect(transport.take().calls).toEqual([
    RECEIVE,
    COMMIT,
    "load_webhook_event",
    "resolve_links",
    "load_timeline",
    COMMIT,
  ]);
});
