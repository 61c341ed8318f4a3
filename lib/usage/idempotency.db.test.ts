/** An idempotency key repeats its verdict until its charge is released; then it is free. */
import { describe, expect, test } from "vitest";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import type { CounterName } from "@/lib/config/register";
import { meteredDatabase } from "@/tests/support/metered";
import { deliver } from "@/tests/support/stripe";
import { times } from "@/tests/support/times";
import { createGate } from "./gate";

const { gateway, subscribe, meter, ledger, query } = meteredDatabase();
const gate = createGate(() => gateway);

let users = 0;
function newUser(): string {
  users += 1;
  return `key-${users}`;
}

const MODES = [
  ["one call per statement", gateway.consume],
  [
    "batch mode",
    (userId: string, field: CounterName, amount: number, idempotencyKey?: string) =>
      gate.consume(userId, field, amount, { idempotencyKey }),
  ],
] as const;

const release = (userId: string, amount: number, of?: string) => gate.release(userId, "stamps_used", amount, { of });

/** The counter and the ledger of the user's stamps must agree. */
async function expectUsed(userId: string, used: number): Promise<void> {
  expect(await meter(userId, "stamps_used")).toMatchObject({ used });
  expect(await ledger(userId, "stamps_used")).toBe(used);
}

/** The ledger rows of the user's stamps: amount and key, in order of time. */
const rows = (userId: string) =>
  query<{ amount: number; key: string | null; at: Date }>(
    `select amount::int, idempotency_key as key, at from usage_ledger
     where user_id = $1 and field = 'stamps_used' order by at, amount desc, idempotency_key`,
    [userId],
  );

describe.each(MODES)("consume keys, %s", (_, consume) => {
  test("Case 1: a released charge is charged again by its key", async () => {
    const userId = newUser();
    expect(await consume(userId, "stamps_used", 100, "J")).toMatchObject({ allowed: true, used: 100 });
    expect(await release(userId, 100, "J")).toMatchObject({ givenBack: 100, used: 0 });
    expect(await consume(userId, "stamps_used", 100, "J")).toMatchObject({ allowed: true, used: 100 });
    await expectUsed(userId, 100);
    // In effect again: a retry repeats the verdict of the second charge.
    expect(await consume(userId, "stamps_used", 100, "J")).toMatchObject({ allowed: true, used: 100 });
    await expectUsed(userId, 100);
  });

  test("Case 4: 20 jobs of 500, each charged and released, then all again: 500 allowed in total", async () => {
    const userId = newUser();
    for (let job = 0; job < 20; job += 1) {
      expect(await consume(userId, "stamps_used", 500, `job-${job}`)).toMatchObject({ allowed: true });
      expect(await release(userId, 500, `job-${job}`)).toMatchObject({ givenBack: 500 });
    }
    let allowed = 0;
    for (let job = 0; job < 20; job += 1)
      if ((await consume(userId, "stamps_used", 500, `job-${job}`)).allowed) allowed += 500;
    expect(allowed).toBe(500);
    await expectUsed(userId, 500);
  });

  test("Case 4: the same 20 jobs, again at once: 500 allowed in total", async () => {
    const userId = newUser();
    for (let job = 0; job < 20; job += 1) {
      await consume(userId, "stamps_used", 500, `job-${job}`);
      await release(userId, 500, `job-${job}`);
    }
    const verdicts = await times(20, (job) => consume(userId, "stamps_used", 500, `job-${job}`));
    expect(verdicts.filter(({ allowed }) => allowed)).toHaveLength(1);
    await expectUsed(userId, 500);
  });

  test("a release of a part frees the key, and the rest stays charged", async () => {
    const userId = newUser();
    await consume(userId, "stamps_used", 100, "J");
    expect(await release(userId, 30, "J")).toMatchObject({ givenBack: 30, used: 70 });
    expect(await consume(userId, "stamps_used", 100, "J")).toMatchObject({ allowed: true, used: 170 });
    await expectUsed(userId, 170);
    // The key names the second charge now, and releases no more than that.
    expect(await release(userId, 500, "J")).toMatchObject({ givenBack: 100, used: 70 });
    expect(await release(userId, 500, "J")).toMatchObject({ givenBack: 0, used: 70 });
  });

  test("a release without `of` takes the latest charge and frees its key only", async () => {
    const userId = newUser();
    await consume(userId, "stamps_used", 100, "first");
    await consume(userId, "stamps_used", 100, "second");
    expect(await release(userId, 40)).toMatchObject({ givenBack: 40, used: 160 });
    expect(await consume(userId, "stamps_used", 100, "first")).toMatchObject({ allowed: true, used: 100 });
    await expectUsed(userId, 160);
    expect(await consume(userId, "stamps_used", 100, "second")).toMatchObject({ allowed: true, used: 260 });
    await expectUsed(userId, 260);
  });

  test("a free key accepts any request; a key in effect accepts its own only", async () => {
    const userId = newUser();
    await consume(userId, "stamps_used", 100, "J");
    await expect(consume(userId, "stamps_used", 101, "J")).rejects.toMatchObject({ reason: "key_reused" });
    await release(userId, 1, "J");
    expect(await consume(userId, "stamps_used", 101, "J")).toMatchObject({ allowed: true, used: 200 });
    await expect(consume(userId, "stamps_used", 100, "J")).rejects.toMatchObject({ reason: "key_reused" });
    await release(userId, 101, "J");
    expect(await consume(userId, "parcels_sent", 2, "J")).toMatchObject({ allowed: true, used: 2 });
    await expect(release(userId, 1, "J")).rejects.toMatchObject({ reason: "charge_not_found" });
    await expectUsed(userId, 99);
  });

  test("a free key is refused above the limit and stays free", async () => {
    const userId = newUser();
    await consume(userId, "stamps_used", 100, "J");
    await release(userId, 100, "J");
    await consume(userId, "stamps_used", 450);
    expect(await consume(userId, "stamps_used", 100, "J")).toMatchObject({ allowed: false, used: 450 });
    await release(userId, 50);
    expect(await consume(userId, "stamps_used", 100, "J")).toMatchObject({ allowed: true, used: 500 });
    await expectUsed(userId, 500);
    // At the limit the gate takes no lock; the key is in effect and repeats its verdict.
    expect(await consume(userId, "stamps_used", 100, "J")).toMatchObject({ allowed: true, used: 500 });
  });

  test("concurrent retries of a free key are one charge", async () => {
    for (let round = 0; round < 10; round += 1) {
      const userId = newUser();
      await consume(userId, "stamps_used", 100, "J");
      await release(userId, 100, "J");
      const verdicts = await times(4, () => consume(userId, "stamps_used", 100, "J"));
      expect(verdicts.map(({ allowed, used }) => [allowed, used])).toEqual(Array(4).fill([true, 100]));
      await expectUsed(userId, 100);
    }
  });

  test("a retry concurrent with a release repeats the verdict or is charged", async () => {
    for (let round = 0; round < 10; round += 1) {
      const userId = newUser();
      await consume(userId, "stamps_used", 100, "J");
      const [given, retried] = await Promise.all([release(userId, 100, "J"), consume(userId, "stamps_used", 100, "J")]);
      expect(given).toMatchObject({ givenBack: 100 });
      expect(retried).toMatchObject({ allowed: true });
      const used = await ledger(userId, "stamps_used");
      expect([0, 100]).toContain(used);
      await consume(userId, "stamps_used", 100, "J");
      await expectUsed(userId, 100);
    }
  });

  test("one free key for two products at once: one product is charged", async () => {
    const userId = newUser();
    await consume(userId, "stamps_used", 100, "J");
    await release(userId, 100, "J");
    const both = await Promise.allSettled([
      gateway.consume(userId, "stamps_used", 10, "J"),
      gateway.consume(userId, "orders_count", 10, "J"),
    ]);
    const charged = (await ledger(userId, "stamps_used")) + (await ledger(userId, "orders_count"));
    expect(charged).toBe(10 * both.filter(({ status }) => status === "fulfilled").length);
    expect(charged).toBe(10);
  });
});

test("each of a free key and two new keys in one batch is charged once", async () => {
  const userId = newUser();
  await gate.consume(userId, "stamps_used", 50, { idempotencyKey: "J" });
  await release(userId, 50, "J");
  const keys = ["J", "K", "J", "L", "K"];
  const verdicts = await Promise.all(
    keys.map((key) => gate.consume(userId, "stamps_used", 50, { idempotencyKey: key })),
  );
  expect(verdicts.every(({ allowed }) => allowed)).toBe(true);
  await expectUsed(userId, 150);
});

test("a release of one of several fields frees the key of the whole call", async () => {
  const userId = newUser();
  const charges = [
    { field: "stamps_used", amount: 100 },
    { field: "parcels_sent", amount: 1 },
  ] as const;
  const options = { idempotencyKey: "J" };
  await gate.consumeTogether(userId, charges, options);
  await gate.release(userId, "parcels_sent", 1, { of: "J" });
  expect(await gate.consumeTogether(userId, charges, options)).toMatchObject([{ used: 200 }, { used: 1 }]);
  await gate.release(userId, "stamps_used", 500, { of: "J" });
  await expectUsed(userId, 100);
});

test("a release by the key of two charges at one instant releases the later charge only", async () => {
  const userId = newUser();
  await gateway.consume(userId, "stamps_used", 100, "J");
  await release(userId, 30, "J");
  await gateway.consume(userId, "stamps_used", 100, "J");
  // As if both charges had the same millisecond.
  await query("update usage_ledger set at = (select max(at) from usage_ledger where user_id = $1) where user_id = $1", [
    userId,
  ]);
  await query("update idempotency_keys set charged_at = (select max(at) from usage_ledger where user_id = $1)", [
    userId,
  ]);
  expect(await release(userId, 500, "J")).toMatchObject({ givenBack: 100, used: 70 });
  await expectUsed(userId, 70);
});

describe("a release without `of`", () => {
  test("is one row per charge, the latest first, with time and key of its charge", async () => {
    const userId = newUser();
    const start = Date.UTC(2026, 4, 4, 9);
    for (const [hour, amount, key] of [
      [0, 10, "a"],
      [1, 20, undefined],
      [2, 30, "b"],
    ] as const) {
      await gateway.setSandboxClock(userId, start + hour * HOUR_MS);
      await gateway.consume(userId, "stamps_used", amount, key);
    }
    await gateway.setSandboxClock(userId, start + 3 * HOUR_MS);
    expect(await release(userId, 55)).toMatchObject({ givenBack: 55, used: 5 });
    const written = await rows(userId);
    expect(written.map(({ amount, key, at }) => [amount, key, new Date(at).getUTCHours()])).toEqual([
      [10, "a", 9],
      [-5, "a", 9],
      [20, null, 10],
      [-20, null, 10],
      [30, "b", 11],
      [-30, "b", 11],
    ]);
    expect((await gateway.usageHistory(userId, "stamps_used", 1)).days).toEqual([{ day: "2026-05-04", amount: 5 }]);
    expect(await release(userId, 55)).toMatchObject({ givenBack: 5, used: 0 });
    expect(await release(userId, 55)).toMatchObject({ givenBack: 0, used: 0 });
    await expectUsed(userId, 0);
  });

  test("takes charges without a key first among those of one instant", async () => {
    const userId = newUser();
    await gateway.usage(userId);
    await Promise.all([
      gate.consume(userId, "stamps_used", 10, { idempotencyKey: "a" }),
      gate.consume(userId, "stamps_used", 10),
      gate.consume(userId, "stamps_used", 10, { idempotencyKey: "b" }),
    ]);
    // The one without a key is the first of them by its entry.
    await query(
      `update usage_ledger set at = (select max(at) from usage_ledger where user_id = $1),
         entry = case when idempotency_key is null then 0 else entry end
       where user_id = $1`,
      [userId],
    );
    const givenBack = async () => (await rows(userId)).filter(({ amount }) => amount < 0).map(({ key }) => key);
    await release(userId, 1);
    await release(userId, 9);
    expect(await givenBack()).toEqual([null, null]);
    await release(userId, 15);
    expect(await givenBack()).toHaveLength(4);
    await expectUsed(userId, 5);
  });

  test("takes carried-over charges too, at their own time, and never leaves a counter below 0", async () => {
    const userId = newUser();
    const fake = await subscribe(userId, { plan: "silver", startsAt: Date.now() - 5 * DAY_MS });
    await gate.consume(userId, "stamps_used", 9_000, { idempotencyKey: "old" });
    await deliver(gateway, fake.intervalSwitched("yearly", Date.now() + 1_000));
    // A sixth of 15,000 stamps is credited.
    expect(await meter(userId, "stamps_used")).toMatchObject({ used: 6_500 });
    await gate.consume(userId, "stamps_used", 100, { idempotencyKey: "new" });

    expect(await release(userId, 600)).toMatchObject({ givenBack: 600, used: 6_000 });
    expect((await rows(userId)).map(({ amount, key }) => [amount, key])).toEqual([
      [9_000, "old"],
      [-500, "old"],
      [100, "new"],
      [-100, "new"],
    ]);
    expect((await gateway.findUsageDrift("")).drifts).toEqual([]);
    expect(await release(userId, 20_000)).toMatchObject({ givenBack: 6_000, used: 0 });
    // The credited units are released in the old window, and the new window's counter stays 0.
    expect(await release(userId, 20_000, "old")).toMatchObject({ givenBack: 2_500, used: 0 });
    expect(await gate.consume(userId, "stamps_used", 9_000, { idempotencyKey: "old" })).toMatchObject({ used: 9_000 });
    expect((await gateway.findUsageDrift("")).drifts).toEqual([]);
  });
});

test("a retried release applies once, also after its charge was made again", async () => {
  const userId = newUser();
  const giveBack = (key: string) => gate.release(userId, "stamps_used", 100, { of: "J", idempotencyKey: key });
  await gate.consume(userId, "stamps_used", 100, { idempotencyKey: "J" });
  expect(await giveBack("R1")).toMatchObject({ givenBack: 100 });
  await gate.consume(userId, "stamps_used", 100, { idempotencyKey: "J" });
  expect(await giveBack("R1")).toMatchObject({ givenBack: 100 });
  await expectUsed(userId, 100);
  expect(await giveBack("R2")).toMatchObject({ givenBack: 100, used: 0 });
  await expectUsed(userId, 0);
});
