import { afterAll, beforeAll, expect, test } from "vitest";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { testDatabase } from "@/tests/support/database";
import { seedDemo } from "./demo";

const database = testDatabase();
const gateway = createGateway(postgresTransport(database.url));
afterAll(() => gateway.end());
beforeAll(() => seedDemo(database.url));

async function shown() {
  const people = await Promise.all(["demo", "newcomer", "studio", "agency"].map((id) => gateway.usage(id)));
  return people.map(({ userId, subscriptions }) => ({
    userId,
    subscriptions: subscriptions.map(({ product, plan, status, interval, periodStart, meters }) => ({
      product,
      plan,
      status,
      interval,
      periodStart,
      used: Object.fromEntries(meters.map(({ field, used }) => [field, used])),
    })),
  }));
}

const counts = async () =>
  (
    await database
      .pool()
      .query(
        "select (select count(*) from sandbox_accounts)::int accounts, (select count(*) from webhook_events)::int events, (select count(*) from usage_ledger)::int uses",
      )
  ).rows[0];

test("the demo users have the documented states", async () => {
  expect(await shown()).toMatchObject([
    {
      userId: "demo",
      subscriptions: [
        { product: "chatbots", plan: "starter", status: "active", used: { messages_count: 1_591, chatbots_count: 2 } },
        { product: "writer", plan: "plus", status: "active", used: { words_used: 10_028 } },
      ],
    },
    { userId: "newcomer", subscriptions: [{ plan: "free" }, { plan: "free" }] },
    {
      userId: "studio",
      subscriptions: [{ plan: "free" }, { plan: "ultra", interval: "yearly", used: { words_used: 33_840 } }],
    },
    {
      userId: "agency",
      subscriptions: [{ plan: "growth", status: "past_due", used: { chatbots_count: 4 } }, { plan: "free" }],
    },
  ]);
});

test("every event is decided and delivered, and the clocks show the real time again", async () => {
  const { rows } = await database.pool().query(
    `select (select count(*) from webhook_events where outcome is null or outcome not in ('applied', 'ignored'))::int undecided,
       (select count(*) from sandbox_events where delivered_at is null)::int undelivered,
       (select count(*) from sandbox_clocks)::int moved`,
  );
  expect(rows).toEqual([{ undecided: 0, undelivered: 0, moved: 0 }]);
});

test("a second run changes nothing, also after a killed start", async () => {
  const [before, counted] = [await shown(), await counts()];
  await seedDemo(database.url);
  expect(await counts()).toEqual(counted);
  await database.pool().query("update users set email = null");
  await seedDemo(database.url);
  expect([await shown(), await counts()]).toEqual([before, counted]);
});
