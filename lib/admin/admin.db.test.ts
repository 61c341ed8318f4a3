import { describe, expect, test } from "vitest";
import { DAY } from "@/lib/billing/period";
import { playSubscription } from "@/lib/billing/processors/stripe/played";
import { meteredDatabase } from "@/tests/support/metered";
import { deliver } from "@/tests/support/stripe";
import { eventDetail, listEvents, releaseOf, replayMany } from "./events";
import { grantOverride, linkByHand, revokeOverride, syncGauge } from "./repair";
import { eventQuery, grantRequest } from "./requests";
import { explain } from "./users";

const { gateway, query, subscribe } = meteredDatabase();
const acts = async (userId: string | null) =>
  (await gateway.adminActs(userId, 50)).map(({ act, actor }) => [act, actor]);

/** A subscription whose event names nobody. */
function unlinked(name: string) {
  const price = { product: "writer", plan: "plus", interval: "monthly" } as const;
  const played = playSubscription({ id: `sub_${name}`, userId: name, price, startsAt: Date.now() - DAY });
  const event = played.created();
  return JSON.parse(JSON.stringify(event).replace(`"user_id":"${name}"`, '"other":""'));
}

describe("the list of events", () => {
  // Its own: the events of other tests are not in it.
  const { gateway, subscribe } = meteredDatabase();
  const list = (filter: object) => listEvents(eventQuery.parse(filter), gateway);

  test("is filtered by everything it shows, and goes on page by page without gaps", async () => {
    for (let place = 0; place < 60; place += 1) await deliver(gateway, unlinked(`page${place}`));
    await subscribe("listed", { plan: "plus" });
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
      await expect(list({ after }), after).rejects.toMatchObject({ status: 400, details: { field: "after" } });
  });

  test("says what would release each that waits", () => {
    const event = { reason: null, hintUserId: null, customerId: "cus_1", attempts: 2, nextAttemptAt: null };
    const said = (changes: object) => releaseOf({ ...event, outcome: "quarantined", ...changes });
    expect(said({ outcome: "applied" })).toBeNull();
    expect(said({ outcome: null })).toContain("failed 2 times and is tried again");
    expect(said({ outcome: "dead" })).toContain("replay it");
    expect(said({ outcome: "deferred", hintUserId: "ada" })).toMatch(/cus_1.*link it.*ada/);
    expect(said({ reason: "unknown_price" })).toContain("price id");
    expect(said({ reason: "missing_field:data.object.items" })).toContain("data.object.items");
  });
});

test("an event's story: the processor's own keys, the decision, before and after", async () => {
  const played = await subscribe("told", { plan: "plus" });
  await gateway.consume("told", "words_used", 500);
  const changed = played.planChanged("ultra", Date.now());
  await deliver(gateway, changed);
  const story = await eventDetail("stripe", String(changed.id), gateway);
  expect(story.payload).toEqual(JSON.parse(JSON.stringify(changed)));
  expect(story).toMatchObject({ outcome: "applied", userId: "told", facts: [{ product: "writer" }] });
  expect(story.decisions).toMatchObject([
    {
      analysis: { hasPlanChange: true, hasPeriodChange: false },
      before: { plan: "plus", meters: [{ used: 500, limit: 15_000 }, {}] },
      after: { plan: "ultra", meters: [{ used: 500, limit: 35_000 }, {}] },
    },
  ]);
  await expect(eventDetail("stripe", "evt_nothing", gateway)).rejects.toMatchObject({ problem: "not_found" });
  await expect(eventDetail("cash", "evt_1", gateway)).rejects.toMatchObject({ status: 404 });
});

test("many are replayed one after the other; one that is not there keeps nobody", async () => {
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
  expect(await acts(null)).toEqual(
    expect.arrayContaining([
      ["event.replayed", "sam"],
      ["event.replayed", "sam"],
    ]),
  );
});

test("what is done by hand is on record, what was refused too", async () => {
  const grant = grantRequest.parse({ userId: "kept", field: "words_used", limit: 9_000 });
  expect(await grantOverride(grant, "sam", gateway)).toMatchObject({ limit: 9_000 });
  const past = { ...grant, expiresAt: Date.now() - DAY };
  await expect(grantOverride(past, "sam", gateway)).rejects.toMatchObject({ problem: "bad_input" });
  expect(await revokeOverride({ userId: "kept", field: "words_used" }, "kim", gateway)).toMatchObject({ limit: 500 });
  await syncGauge("kept", "kim", gateway);
  const link = { processor: "stripe", customerId: "cus_kept", userId: "kept" } as const;
  await linkByHand(link, "sam", gateway);
  await expect(linkByHand({ ...link, userId: "thief" }, "sam", gateway)).rejects.toMatchObject({ problem: "conflict" });
  expect(await acts("kept")).toEqual([
    ["customer.linked", "sam"],
    ["gauge.synced", "kim"],
    ["override.revoked", "kim"],
    ["override.granted", "sam"],
    ["override.granted", "sam"],
  ]);
  const [refused] = await gateway.adminActs("thief", 1);
  expect(refused?.details.refused).toContain("linked to another user");
});

test("a user's story has what waits for them; nobody unknown is made by looking", async () => {
  await subscribe("whole", { plan: "plus" });
  await grantOverride(grantRequest.parse({ userId: "whole", field: "words_used", limit: 1 }), "sam", gateway);
  const { story, usage, waiting } = await explain("whole", gateway);
  expect(story).toMatchObject({
    decisions: [{ reason: "New subscription" }],
    windows: [{ opensBy: "reset", opening: { words_used: 0, transformations_used: 0 } }],
    overrides: [{ field: "words_used", limit: 1, expiresAt: null, grantedBy: "sam" }],
  });
  expect(usage.subscriptions.find(({ product }) => product === "writer")?.meters[0]).toMatchObject({ limit: 1 });
  expect(waiting).toEqual([]);
  await expect(explain("nobody-at-all", gateway)).rejects.toMatchObject({ problem: "not_found" });
  expect(await query("select 1 from users where user_id = 'nobody-at-all'")).toEqual([]);
});

describe("health", () => {
  const { gateway, subscribe } = meteredDatabase();

  test("counts what is there", async () => {
    const played = await subscribe("late", { plan: "plus", startsAt: Date.now() - 40 * DAY });
    await deliver(gateway, played.renewed());
    await deliver(gateway, played.changed({ status: "past_due" }, Date.now() - DAY));
    await deliver(gateway, unlinked("waits"));
    await subscribe("active", { plan: "plus" });
    await gateway.consume("near", "words_used", 450);
    const health = await gateway.serviceHealth(24);
    expect(health.payments).toMatchObject({ failed: 1, open: 1, recovered: 0 });
    expect(health.nearest).toContainEqual({
      userId: "near",
      product: "writer",
      field: "words_used",
      used: 450,
      limit: 500,
    });
    expect(health.plans.find(({ product, plan }) => product === "writer" && plan === "plus")?.users).toBeGreaterThan(0);
    expect(health.waiting.deferred).toBeGreaterThan(0);
    expect(health.lastWebhooks.stripe).not.toBeNull();
    expect(health.lastWebhooks.paddle).toBeNull();
  });
});
