import { beforeEach, describe, expect, test } from "vitest";
import type { Verdict } from "@/lib/billing/schemas/usage-view";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import { meteredDatabase } from "@/tests/support/metered";
import { deliver } from "@/tests/support/stripe";
import { createGate } from "./gate";

/** Three places compute the numbers of a meter; a user must get the same numbers from each. */
const { gateway, subscribe, meter } = meteredDatabase();
const gate = createGate(() => gateway);

let users = 0;
let userId = "";
beforeEach(() => {
  users += 1;
  userId = `modes-${users}`;
});

const BY = { by: "admin", expiresAt: null };
const override = (limit: number, expiresAt: number | null = null) =>
  gateway.setLimitOverride(userId, "stamps_used", limit, { by: "admin", expiresAt });
const use = (amount: number) => gateway.consume(userId, "stamps_used", amount);
const clockAt = (at: number) => gateway.setSandboxClock(userId, at);

/** 8,000 stamps of Silver used before a renewal that is not paid. */
async function unpaidRenewal() {
  const fake = await subscribe(userId, { plan: "silver", startsAt: Date.now() - 20 * DAY_MS });
  await use(8_000);
  await clockAt(fake.periodEnd() + HOUR_MS);
  await deliver(gateway, fake.renewed());
  await deliver(gateway, fake.changed({ status: "past_due" }, fake.periodEnd() - 27 * DAY_MS));
  return fake;
}

const STATES: [name: string, enter: () => Promise<unknown>, expected: { limit: number; remaining: number }][] = [
  ["a new user", async () => {}, { limit: 500, remaining: 500 }],
  ["free, used", () => use(120), { limit: 500, remaining: 380 }],
  ["free, at the limit", () => use(500), { limit: 500, remaining: 0 }],
  ["Bronze", () => subscribe(userId, { plan: "bronze" }).then(() => use(99)), { limit: 5_000, remaining: 4_901 }],
  [
    "Titanium by the year",
    () => subscribe(userId, { plan: "titanium", interval: "yearly" }),
    { limit: 35_000, remaining: 35_000 },
  ],
  [
    "over the limit after a downgrade",
    async () => {
      const fake = await subscribe(userId, { plan: "titanium" });
      await use(6_000);
      await deliver(gateway, fake.planChanged("bronze", Date.now() + 1_000));
    },
    { limit: 5_000, remaining: 0 },
  ],
  ["an unpaid renewal, with withheld quota", unpaidRenewal, { limit: 15_000, remaining: 7_000 }],
  ["an unpaid renewal, with usage", () => unpaidRenewal().then(() => use(1_000)), { limit: 15_000, remaining: 6_000 }],
  [
    "an unpaid renewal that was paid later",
    async () => {
      const fake = await unpaidRenewal();
      await deliver(gateway, fake.paid("subscription_cycle", fake.periodEnd() - 26 * DAY_MS));
      await deliver(gateway, fake.changed({ status: "active" }, fake.periodEnd() - 26 * DAY_MS + 1_000));
    },
    { limit: 15_000, remaining: 15_000 },
  ],
  ["an override", () => use(100).then(() => override(900)), { limit: 900, remaining: 800 }],
  ["an override below the usage", () => use(100).then(() => override(50)), { limit: 50, remaining: 0 }],
  [
    "an override that ended",
    async () => {
      await override(900, Date.now() + HOUR_MS);
      await clockAt(Date.now() + HOUR_MS);
    },
    { limit: 500, remaining: 500 },
  ],
  [
    "a reservation",
    () => use(100).then(() => gateway.reserve(userId, "stamps_used", 300, 600)),
    { limit: 500, remaining: 100 },
  ],
  [
    "a reservation that ended",
    async () => {
      await gateway.reserve(userId, "stamps_used", 300, 60);
      await clockAt(Date.now() + 61_000);
    },
    { limit: 500, remaining: 500 },
  ],
  [
    "a reservation during an unpaid renewal and with an override",
    async () => {
      await unpaidRenewal();
      await gateway.setLimitOverride(userId, "stamps_used", 20_000, BY);
      await gateway.reserve(userId, "stamps_used", 2_000, 600);
    },
    { limit: 20_000, remaining: 10_000 },
  ],
  [
    "a day later",
    async () => {
      await use(500);
      await clockAt(Date.now() + DAY_MS);
    },
    { limit: 500, remaining: 500 },
  ],
];

const single = (amount: number): Promise<Verdict> => gateway.consume(userId, "stamps_used", amount);
const batched = (amount: number): Promise<Verdict> => gate.consume(userId, "stamps_used", amount);

describe.each([
  ["one call per statement", single],
  ["batch mode", batched],
])("the view and the gate agree (%s)", (_, consume) => {
  test.each(STATES)("%s", async (_name, enter, expected) => {
    await enter();
    const refused = await consume(expected.remaining + 1);
    expect(refused).toMatchObject({ allowed: false, ...expected });
    const before = await meter(userId, "stamps_used");
    expect(before).toMatchObject({ ...expected, used: refused.used });
    if (expected.remaining === 0) return;
    expect(await consume(expected.remaining)).toMatchObject({
      allowed: true,
      used: before.used + expected.remaining,
      limit: expected.limit,
      remaining: 0,
    });
    expect(await meter(userId, "stamps_used")).toMatchObject({ remaining: 0, reserved: before.reserved });
    const { subscriptions } = await gateway.usage(userId);
    const mail = subscriptions.find(({ product }) => product === "mail");
    expect(await consume(1)).toMatchObject({ allowed: false, plan: mail?.plan, resetsAt: mail?.resetsAt });
  });
});
