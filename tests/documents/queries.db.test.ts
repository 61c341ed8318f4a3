/** The documents' monitoring and verification queries, from docs/documents.md, on a database with history. */

import { readFileSync } from "node:fs";
import path from "node:path";
import pg from "pg";
import { beforeAll, expect, test } from "vitest";
import { chatbotsTable } from "@/app/(product)/chatbots/_lib/chatbots-table";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import { fakePaddleSubscription } from "@/lib/sandbox/event-builders/paddle/fake-subscription";
import { meteredDatabase } from "@/tests/support/metered";
import { deliverPaddle } from "@/tests/support/paddle";
import { deliver } from "@/tests/support/stripe";

const { database, gateway, query, subscribe } = meteredDatabase();
const DOCUMENT = readFileSync(path.join(import.meta.dirname, "..", "..", "docs", "documents.md"), "utf8");

/** Runs the query under a heading with the server's search path, in which `public` has the documents' names. */
async function documented(heading: string): Promise<Record<string, unknown>[]> {
  const [, below] = DOCUMENT.split(`\n### ${heading}\n`);
  const sql = /```sql\n([\s\S]*?)```/.exec(below ?? "")?.[1];
  if (!sql) throw new Error(`docs/documents.md has no query "${heading}"`);
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

const EMAIL = "your-email@domain.com";
const STARTER = { product: "chatbots", plan: "starter", interval: "monthly" } as const;

beforeAll(async () => {
  await gateway.ensureUser("writer", EMAIL, null);
  const fake = await subscribe("writer", { plan: "plus", startsAt: Date.now() - 20 * DAY_MS });
  await gateway.consume("writer", "words_used", 12_000);
  const upgrade = fake.planChanged("ultra", Date.now());
  await Promise.all(Array.from({ length: 5 }, () => deliver(gateway, upgrade)));
  await gateway.setSandboxClock("writer", fake.periodEnd() + HOUR_MS);
  await deliver(gateway, fake.renewed());
  await gateway.consume("writer", "words_used", 700);

  const paddle = fakePaddleSubscription({ id: "sub_bots", price: STARTER, startsAt: Date.now() - DAY_MS });
  await gateway.linkTransaction("paddle", paddle.transaction, "bots");
  await deliverPaddle(gateway, paddle.created());
  await Promise.all(Array.from({ length: 5 }, (_, index) => chatbotsTable(gateway).create("bots", `Bot ${index}`)));
  await gateway.consume("bots", "messages_count", 2_000);
  await gateway.consume("bots", "messages_count", 1);
  await gateway.consume("free", "messages_count", 100);
  await gateway.consume("free", "messages_count", 1);
});

test("the five functions exist", async () => {
  const rows = await documented("the five functions exist");
  expect(rows).toHaveLength(5);
  expect(rows.every(({ routine_type }) => routine_type === "FUNCTION")).toBe(true);
});

test("webhook_events has its columns", async () => {
  const names = (await documented("webhook_events has its columns")).map(({ column_name }) => column_name);
  expect(names).toEqual(
    expect.arrayContaining(["id", "event_type", "processor", "processed_at", "payload", "created_at"]),
  );
});

test("only the service may access webhook_events", async () => {
  const grantees = (await documented("only the service may access webhook_events")).map(({ grantee }) => grantee);
  expect([...new Set(grantees)].sort()).toEqual(["postgres", "service_role", "tollgate_app"]);
});

test("webhook_events can be counted", async () => {
  expect(await documented("webhook_events can be counted")).toEqual([{ count: "4" }]);
});

test("webhooks of the last hour, by processor and type", async () => {
  const rows = await documented("webhooks of the last hour, by processor and type");
  expect(rows).toHaveLength(3);
  expect(rows).toEqual(
    expect.arrayContaining([
      { processor: "stripe", event_type: "customer.subscription.created", count: "1" },
      { processor: "stripe", event_type: "customer.subscription.updated", count: "2" },
      { processor: "paddle", event_type: "subscription.created", count: "1" },
    ]),
  );
});

test("no event exists twice", async () => {
  expect(await documented("no event exists twice")).toEqual([]);
});

test("users over a limit", async () => {
  expect(await documented("users over a limit")).toEqual([]);
  // No call of ours exceeds a limit, but a superuser's statement can.
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    await client.query(
      "update tollgate.usage_counters set used = 101 where user_id = 'free' and field = 'messages_count'",
    );
    expect(await documented("users over a limit")).toEqual([
      expect.objectContaining({ user_id: "free", plan: "free", msg_count: 101, bot_count: 0 }),
    ]);
  } finally {
    await client.end();
  }
});

test("the slowest statements on subscriptions", async () => {
  await query("select count(*) from subscriptions");
  const rows = await documented("the slowest statements on subscriptions");
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.every((row) => String(row.query).includes("subscriptions") && Number(row.calls) > 0)).toBe(true);
});

test("a user's plan, words and period", async () => {
  expect(await documented("a user's plan, words and period")).toEqual([
    expect.objectContaining({
      email: EMAIL,
      plan_type: "ultra",
      words_used: "700",
      words_limit: "35000",
      stripe_subscription_status: "active",
    }),
  ]);
});

test("suspicious resets", async () => {
  expect(await documented("suspicious resets")).toEqual([
    expect.objectContaining({
      email: EMAIL,
      field: "words_used",
      previously_used: "12000",
      used: "0",
      reason: "Billing period renewal detected",
    }),
  ]);
});
