import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "@/lib/billing/timeline/calendar";
import type { Instant } from "@/lib/billing/types";
import { priceLists } from "@/lib/config/current-catalog";
import { createGateway } from "@/lib/database/gateway";
import { type PlanChange, type ProcessorClient, ProcessorError } from "@/lib/processors/processor-client";
import type { GetProcessor } from "@/lib/processors/registry";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { scheduleChange } from "@/lib/subscriptions/schedule-change";
import { testDatabase } from "@/tests/support/database";
import { deliver } from "@/tests/support/stripe";
import { carryOutScheduledChanges } from "./changes";

const database = testDatabase();
const gateway = createGateway(database.transport());
afterAll(() => gateway.end());

/** The changes that the processor received; the schedule is the same for both processors. */
let requested: PlanChange[] = [];
let refuses = false;
const client = {
  change: async (change: PlanChange) => {
    if (refuses) throw new ProcessorError("not now", "unavailable", null);
    requested.push(change);
  },
} as unknown as ProcessorClient;
const find: GetProcessor = async () => ({
  client,
  sold: priceLists("stripe", {}, { sandbox: true }).sold,
  sells: true,
});

let users = 0;
let userId = "";
beforeEach(async () => {
  // Without moved clocks no change of an earlier test is due.
  await database.pool().query("delete from sandbox_clocks");
  users += 1;
  userId = `changes-${users}`;
  requested = [];
  refuses = false;
});

/** A Titanium subscriber with a downgrade to Bronze scheduled for the period's end. */
async function downgrading() {
  const price = { product: "mail", plan: "titanium", interval: "monthly" } as const;
  const fake = fakeStripeSubscription({ id: `sub_${userId}`, userId, price, startsAt: Date.now() - 5 * DAY_MS });
  await deliver(gateway, fake.created());
  const record = { processor: "stripe", subscription: `sub_${userId}` } as const;
  const to = { plan: "bronze", interval: "monthly" } as const;
  await scheduleChange({ userId, product: "mail", record, to, at: Date.now() }, gateway);
  return { fake, record };
}

async function mail() {
  const found = (await gateway.usage(userId)).subscriptions.find(({ product }) => product === "mail");
  if (!found) throw new Error("no mail");
  return found;
}

const clockAt = (at: Instant) => gateway.setSandboxClock(userId, at);
const endWait = () =>
  database.pool().query("update scheduled_change_runs set next_attempt_at = now() - interval '1 second'");

describe("a scheduled downgrade", () => {
  test("is shown at once, and carried out once, hours before the renewal", async () => {
    const { fake } = await downgrading();
    expect(await mail()).toMatchObject({ plan: "titanium", scheduledPlan: "bronze" });
    await clockAt(fake.periodEnd() - DAY_MS);
    expect(await carryOutScheduledChanges(gateway, find)).toEqual({ done: 0, failed: 0 });

    await clockAt(fake.periodEnd() - 5 * HOUR_MS);
    const runs = await Promise.all([carryOutScheduledChanges(gateway, find), carryOutScheduledChanges(gateway, find)]);
    expect(runs.map(({ done }) => done).sort()).toEqual([0, 1]);
    expect(requested).toEqual([
      { subscription: `sub_${userId}`, priceId: "price_mail_bronze_monthly", timing: "renewal" },
    ]);
    await deliver(gateway, fake.planChanged("bronze", fake.periodEnd() - 5 * HOUR_MS));
    expect(await mail()).toMatchObject({ plan: "titanium", scheduledPlan: "bronze", meters: [{ limit: 35_000 }, {}] });
    await endWait();
    expect(await carryOutScheduledChanges(gateway, find)).toEqual({ done: 0, failed: 0 });

    await clockAt(fake.periodEnd() + HOUR_MS);
    await deliver(gateway, fake.renewed());
    expect(await mail()).toMatchObject({ plan: "bronze", scheduledPlan: null, meters: [{ limit: 5_000 }, {}] });
  });

  test("is not started within half an hour of the renewal", async () => {
    const { fake } = await downgrading();
    await clockAt(fake.periodEnd() - 29 * MINUTE_MS);
    expect(await carryOutScheduledChanges(gateway, find)).toEqual({ done: 0, failed: 0 });
  });

  test("is retried after a refusal, also by another process", async () => {
    const { fake } = await downgrading();
    await clockAt(fake.periodEnd() - 5 * HOUR_MS);
    refuses = true;
    expect(await carryOutScheduledChanges(gateway, find)).toEqual({ done: 0, failed: 1 });
    refuses = false;
    expect(await carryOutScheduledChanges(gateway, find)).toEqual({ done: 0, failed: 0 });
    await endWait();
    expect(await carryOutScheduledChanges(createGateway(database.transport()), find)).toEqual({ done: 1, failed: 0 });
  });

  test("is not carried out after it was withdrawn, or after a plan change at the processor", async () => {
    const { fake, record } = await downgrading();
    await deliver(gateway, fake.planChanged("silver", Date.now() + 2_000));
    expect(await mail()).toMatchObject({ plan: "silver", scheduledPlan: null });
    await scheduleChange(
      { userId, product: "mail", record, to: { plan: "bronze", interval: "monthly" }, at: Date.now() + 4_000 },
      gateway,
    );
    expect(await mail()).toMatchObject({ scheduledPlan: "bronze" });
    await scheduleChange({ userId, product: "mail", record, to: null, at: Date.now() + 6_000 }, gateway);
    await clockAt(fake.periodEnd() - 5 * HOUR_MS);
    expect(await carryOutScheduledChanges(gateway, find)).toEqual({ done: 0, failed: 0 });
    const reasons = (await gateway.decisions(userId, 10)).map(({ reason }) => reason);
    expect(reasons).toEqual(expect.arrayContaining(["Plan change scheduled", "Scheduled plan change withdrawn"]));
  });
});
