import { describe, expect, test } from "vitest";
import { DAY_MS } from "@/lib/billing/timeline/calendar";
import { measureUsage } from "@/lib/jobs/metrics";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { meteredDatabase } from "@/tests/support/metered";
import { deliver } from "@/tests/support/stripe";
import { eventDetail, listEvents, releaseOf, replayMany } from "./events";
import { grantOverride, linkByHand, revokeOverride, syncGauge } from "./repair";
import { eventQuery, grantRequest } from "./requests";
import { loadUserDetail } from "./users";

const { gateway, query, subscribe } = meteredDatabase();
const auditOf = async (userId: string | null) =>
  (await gateway.auditEntries(userId, 50)).map(({ act, actor }) => [act, actor]);

/** The event of a subscription without a user. */
function unlinked(name: string) {
  const price = { product: "mail", plan: "silver", interval: "monthly" } as const;
  const fake = fakeStripeSubscription({ id: `sub_${name}`, userId: name, price, startsAt: Date.now() - DAY_MS });
  const event = fake.created();
  return JSON.parse(JSON.stringify(event).replace(`"user_id":"${name}"`, '"other":""'));
}

describe("the list of events", () => {
  // Its own database, without the events of other tests.
  const { gateway, subscribe } = meteredDatabase();
  const list = (filter: object) => listEvents(eventQuery.parse(filter), gateway);

  test("can be filtered by each column, and its pages have no gaps", async () => {
    for (let index = 0; index < 60; index += 1) await deliver(gateway, unlinked(`page${index}`));
    await subscribe("listed", { plan: "silver" });
    const first = await list({ outcome: "deferred" });
    expect(first.events).toHaveLength(50);
    const second = await list({ outcome: "deferred", after: first.next });
    expect(second.next).toBeNull();
    const ids = [...first.events, ...second.events].map(({ id }) => id);
    expect(new Set(ids).size).toBe(60);

    expect((await list({ userId: "listed" })).events.map(({ type }) => type)).toEqual([
      "customer.subscription.created",
    ]);
    expect((await list({ userId: "listed", type: "invoice" })).events).toEqual([]);
    expect((await list({ userId: "listed", processor: "paddle" })).events).toEqual([]);
    expect((await list({ userId: "listed", outcome: "waiting" })).events).toEqual([]);
    expect((await list({ userId: "listed", to: "2020-01-01" })).events).toEqual([]);
    expect((await list({ userId: "listed", from: "2020-01-01" })).events).toHaveLength(1);
    const cursor = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const good = { at: "2026-01-01T00:00:00Z", processor: "stripe", id: "evt" };
    expect((await list({ after: cursor(good) })).next).toBeNull();
    const bad = [{ at: "1" }, { at: 5 }, { at: "-000001-01-01T00:00:00Z" }, { id: "a\0" }, { processor: "\ud800" }];
    for (const after of ["nonsense", cursor(null), ...bad.map((part) => cursor({ ...good, ...part }))])
      await expect(list({ after }), after).rejects.toMatchObject({ problem: "bad_input", details: { field: "after" } });
  });

  test("names the action that releases each waiting event", () => {
    const event = { reason: null, hintUserId: null, customerId: "cus_1", attempts: 2, nextAttemptAt: null };
    const release = (changes: object) => releaseOf({ ...event, outcome: "quarantined", ...changes });
    expect(release({ outcome: "applied" })).toBeNull();
    expect(release({ outcome: null })).toContain("failed 2 times and is retried");
    expect(release({ outcome: "dead" })).toContain("replay it");
    expect(release({ outcome: "deferred", hintUserId: "ada" })).toMatch(/cus_1.*link it.*ada/);
    expect(release({ reason: "unknown_price" })).toContain("price id");
    expect(release({ reason: "missing_field:data.object.items" })).toContain("data.object.items");
  });
});

test("an event's detail: the processor's payload, the decision, before and after", async () => {
  const fake = await subscribe("detailed", { plan: "silver" });
  await gateway.consume("detailed", "stamps_used", 500);
  const changed = fake.planChanged("titanium", Date.now());
  await deliver(gateway, changed);
  const detail = await eventDetail("stripe", String(changed.id), gateway);
  expect(detail.payload).toEqual(JSON.parse(JSON.stringify(changed)));
  expect(detail).toMatchObject({ outcome: "applied", userId: "detailed", facts: [{ product: "mail" }] });
  expect(detail.decisions).toMatchObject([
    {
      analysis: { hasPlanChange: true, hasPeriodChange: false },
      before: { plan: "silver", meters: [{ used: 500, limit: 15_000 }, {}] },
      after: { plan: "titanium", meters: [{ used: 500, limit: 35_000 }, {}] },
    },
  ]);
  await expect(eventDetail("stripe", "evt_nothing", gateway)).rejects.toMatchObject({ problem: "not_found" });
  await expect(eventDetail("cash", "evt_1", gateway)).rejects.toMatchObject({ problem: "not_found" });
});

test("a list is replayed in order, and an unknown event does not stop it", async () => {
  const event = unlinked("many");
  await deliver(gateway, event);
  const replayed = await replayMany(
    [
      { processor: "stripe", id: "evt_nothing" },
      { processor: "stripe", id: event.id },
    ],
    "sam",
    gateway,
  );
  expect(replayed).toMatchObject([{ outcome: "failed" }, { outcome: "deferred", reason: "unknown_user" }]);
  expect(await auditOf(null)).toEqual(
    expect.arrayContaining([
      ["event.replayed", "sam"],
      ["event.replayed", "sam"],
    ]),
  );
});

test("the audit log has each action, also a refused one", async () => {
  const grant = grantRequest.parse({ userId: "audited", field: "stamps_used", limit: 9_000 });
  expect(await grantOverride(grant, "sam", gateway)).toMatchObject({ limit: 9_000 });
  const past = { ...grant, expiresAt: Date.now() - DAY_MS };
  await expect(grantOverride(past, "sam", gateway)).rejects.toMatchObject({ problem: "bad_input" });
  expect(await revokeOverride({ userId: "audited", field: "stamps_used" }, "kim", gateway)).toMatchObject({
    limit: 500,
  });
  await syncGauge({ userId: "audited", field: "bays_count" }, "kim", gateway);
  const link = { processor: "stripe", customerId: "cus_audited", userId: "audited" } as const;
  await linkByHand(link, "sam", gateway);
  await expect(linkByHand({ ...link, userId: "thief" }, "sam", gateway)).rejects.toMatchObject({ problem: "conflict" });
  expect(await auditOf("audited")).toEqual([
    ["customer.linked", "sam"],
    ["gauge.synced", "kim"],
    ["override.revoked", "kim"],
    ["override.granted", "sam"],
    ["override.granted", "sam"],
  ]);
  const [refused] = await gateway.auditEntries("thief", 1);
  expect(refused?.details.refused).toContain("linked to another user");
});

test("a user's detail has the waiting events; reading an unknown user creates no row", async () => {
  await subscribe("whole", { plan: "silver" });
  await grantOverride(grantRequest.parse({ userId: "whole", field: "stamps_used", limit: 1 }), "sam", gateway);
  const { detail, usage, waiting } = await loadUserDetail("whole", gateway);
  expect(detail).toMatchObject({
    decisions: [{ reason: "New subscription" }],
    windows: [{ transitionKind: "reset", opening: { stamps_used: 0, parcels_sent: 0 } }],
    overrides: [{ field: "stamps_used", limit: 1, expiresAt: null, grantedBy: "sam" }],
  });
  expect(usage.subscriptions.find(({ product }) => product === "mail")?.meters[0]).toMatchObject({ limit: 1 });
  expect(waiting).toEqual([]);
  await expect(loadUserDetail("unknown", gateway)).rejects.toMatchObject({ problem: "not_found" });
  expect(await query("select 1 from users where user_id = 'unknown'")).toEqual([]);
});

describe("health", () => {
  const { gateway, subscribe } = meteredDatabase();

  test("counts payments, plans and waiting events", async () => {
    const fake = await subscribe("late", { plan: "silver", startsAt: Date.now() - 40 * DAY_MS });
    await deliver(gateway, fake.renewed());
    await deliver(gateway, fake.changed({ status: "past_due" }, Date.now() - DAY_MS));
    await deliver(gateway, unlinked("waits"));
    await subscribe("active", { plan: "silver" });
    await gateway.consume("near", "stamps_used", 450);
    expect(await gateway.serviceHealth(24)).toMatchObject({ measuredAt: null, users: 0, plans: [] });
    await measureUsage(gateway);
    const health = await gateway.serviceHealth(24);
    expect(health.payments).toMatchObject({ failed: 1, open: 1, recovered: 0 });
    expect(health.nearest).toContainEqual({
      userId: "near",
      product: "mail",
      field: "stamps_used",
      used: 450,
      limit: 500,
    });
    expect(health.plans.find(({ product, plan }) => product === "mail" && plan === "silver")?.users).toBeGreaterThan(0);
    expect(health.waiting.deferred).toBeGreaterThan(0);
    expect(health.lastWebhooks.stripe).not.toBeNull();
    expect(health.lastWebhooks.paddle).toBeNull();
  });
});
