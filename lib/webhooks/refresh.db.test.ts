import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { addMonths, DAY_MS } from "@/lib/billing/timeline/calendar";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { planPrice } from "@/lib/sandbox/event-builders/stripe/events";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { testDatabase } from "@/tests/support/database";
import { fakeProcessors } from "@/tests/support/fake-processors";
import { deliver } from "@/tests/support/stripe";
import { reconcile } from "./refresh";

const database = testDatabase();
const gateway = createGateway(postgresTransport(database.url));
afterAll(() => gateway.end());

const price = { product: "mail", plan: "silver", interval: "monthly" } as const;
const BEGAN = Math.floor(Date.now() / 1000) * 1000 - 5 * DAY_MS;

let users = 0;
let userId = "";
beforeEach(() => {
  users += 1;
  userId = `reconciled-${users}`;
});

/** A subscriber here and at the fake processor, with these changes there. */
async function subscriber(changes: object = {}, at = BEGAN) {
  const { clients, subscriptions } = fakeProcessors(gateway);
  const id = `sub_${userId}`;
  const fake = fakeStripeSubscription({ id, userId, price, startsAt: BEGAN });
  await deliver(gateway, fake.created());
  subscriptions.set(id, {
    userId,
    customer: `cus_${userId}`,
    processor: "stripe",
    price,
    at,
    state: {
      plan: "silver",
      interval: "monthly",
      quantity: 1,
      status: "active",
      periodStart: BEGAN,
      periodEnd: addMonths(BEGAN, 1),
      cancelAt: null,
      trialEnd: null,
      collectionPaused: false,
      item: { id: `si_${id.slice(4)}`, product: "prod_mail_silver", price: "price_mail_silver_monthly" },
      ...changes,
    },
  });
  const read = (by = userId) =>
    reconcile({ userId: by, processor: "stripe", subscription: id }, clients.stripe, gateway);
  return { fake, read, id };
}

async function mail() {
  const found = (await gateway.usage(userId)).subscriptions.find(({ product }) => product === "mail");
  if (!found) throw new Error("no mail");
  return found;
}

test("a fetch of a known state adds no fact", async () => {
  const { read } = await subscriber({}, BEGAN + DAY_MS);
  expect(await read()).toEqual({ outcome: "nothing_new" });
  const { rows } = await database.pool().query("select 1 from facts where user_id = $1", [userId]);
  expect(rows).toHaveLength(1);
});

test("a fetch adds a lost change, also if its clock is behind the known events", async () => {
  const { read, fake } = await subscriber({ plan: "titanium", cancelAt: addMonths(BEGAN, 1) }, BEGAN);
  await deliver(
    gateway,
    fake.changed({ quantity: 1, canceledAt: null, metadata: { user_id: userId } } as object, BEGAN + 2 * DAY_MS),
  );
  expect(await read()).toEqual({ outcome: "added" });
  expect(await mail()).toMatchObject({ plan: "titanium", cancelAt: new Date(addMonths(BEGAN, 1)).toISOString() });
});

test("later events override a fetched change, and late older events do not", async () => {
  const { read, fake } = await subscriber({ plan: "titanium" }, BEGAN + 2 * DAY_MS);
  await gateway.consume(userId, "stamps_used", 900);
  const upgraded = fake.planChanged("titanium", BEGAN + DAY_MS);
  const ended = fake.changed(
    { items: [{ id: `si_${userId}`, price: planPrice({ ...price, plan: "bronze" }) }] },
    BEGAN + 3 * DAY_MS,
  );
  expect(await read()).toEqual({ outcome: "added" });
  await deliver(gateway, upgraded);
  expect(await mail()).toMatchObject({ plan: "titanium", meters: [{ used: 900 }, {}] });
  await deliver(gateway, ended);
  expect(await mail()).toMatchObject({ plan: "bronze", meters: [{ used: 900 }, {}] });
});

describe("a fetch for another user", () => {
  test("adds no fact to either user", async () => {
    const { read } = await subscriber({ plan: "titanium" }, BEGAN + DAY_MS);
    expect(await read("mallory")).toEqual({ outcome: "not_theirs" });
    expect(await mail()).toMatchObject({ plan: "silver" });
    const mallory = await gateway.usage("mallory");
    expect(mallory.subscriptions.every(({ plan }) => plan === "free")).toBe(true);
  });
});
