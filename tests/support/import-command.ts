/** Runs `tollgate import` against a fake Stripe and a fake Paddle, on a database that is empty before each test. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeEach } from "vitest";
import type { Context } from "@/lib/cli/context";
import { importSubscriptions } from "@/lib/cli/import/import";
import type { Processor } from "@/lib/config/terms";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import acme from "./acme/catalog";
import { testDatabase } from "./database";
import { createMerchant } from "./merchant";
import { type ListedFixture, listOfPaddle, listOfStripe } from "./subscription-lists";

export function importCommand() {
  const database = testDatabase();
  const gateway = createGateway(postgresTransport(database.url));
  afterAll(() => gateway.end());
  const { contextOf } = createMerchant(() => gateway);
  const directory = mkdtempSync(path.join(tmpdir(), "tollgate-import-"));

  const empty = () =>
    database.pool().query(
      `truncate users, links, webhook_events, facts, checkpoints, subscription_records, billing_periods,
          entitlement_periods, decisions, usage_ledger, usage_hours, usage_counters, usage_windows cascade`,
    );
  beforeEach(() => empty());

  function file(name: string, lines: readonly string[]): string {
    const target = path.join(directory, name);
    writeFileSync(target, `${lines.join("\n")}\n`);
    return target;
  }

  const idOf = (index: number) => `sub_${String(index).padStart(5, "0")}`;
  const customerOf = (index: number) => `cus_${String(index).padStart(5, "0")}`;
  const subscriptionOf = (index: number, over: Partial<ListedFixture> = {}): ListedFixture => ({
    id: idOf(index),
    customer: customerOf(index),
    plan: "silver",
    ...over,
  });

  async function run(
    processor: Processor,
    all: readonly ListedFixture[],
    options: Parameters<typeof importSubscriptions>[2] = {},
    over: Partial<Context> = {},
  ) {
    const listed = processor === "stripe" ? listOfStripe({ all }) : await listOfPaddle({ all });
    const context = { ...contextOf(acme), getSubscriptionList: async () => listed.list, ...over };
    const exit = await importSubscriptions(context, processor, { yes: true, json: true, ...options });
    const { subscriptions, usage } = JSON.parse(context.lines.join("\n"));
    const results: Record<string, number> = {};
    for (const { result } of subscriptions) results[result] = (results[result] ?? 0) + 1;
    return { exit, results, subscriptions, usage, requests: listed.requests };
  }

  const mail = async (user: string) =>
    (await gateway.usage(user)).subscriptions.find(({ product }) => product === "mail");

  const rowCounts = async () =>
    (
      await database.pool().query(
        `select (select count(*)::int from facts) as facts, (select count(*)::int from links) as links,
          (select count(*)::int from usage_ledger) as ledger`,
      )
    ).rows[0];

  return { database, gateway, customerOf, empty, file, mail, rowCounts, run, subscriptionOf };
}
