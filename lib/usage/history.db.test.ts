import { beforeEach, describe, expect, test } from "vitest";
import { DAY_MS } from "@/lib/billing/timeline/calendar";
import { meteredDatabase } from "@/tests/support/metered";
import { deliver } from "@/tests/support/stripe";

const { gateway, query, subscribe } = meteredDatabase();

let users = 0;
let userId = "";
beforeEach(() => {
  users += 1;
  userId = `history-${users}`;
});

const clockAt = (at: string | number) => gateway.setSandboxClock(userId, typeof at === "string" ? Date.parse(at) : at);
const history = (days = 30) => gateway.usageHistory(userId, "orders_count", days);
const use = (amount: number, key?: string) => gateway.consume(userId, "orders_count", amount, key);

describe("days", () => {
  test("are days in UTC: one ends at midnight", async () => {
    await clockAt("2026-03-28T23:59:00Z");
    await use(3);
    await use(4);
    await clockAt("2026-03-29T00:00:00Z");
    await use(5);
    expect(await history(3)).toEqual({
      userId,
      field: "orders_count",
      from: "2026-03-27",
      to: "2026-03-29",
      days: [
        { day: "2026-03-28", amount: 7 },
        { day: "2026-03-29", amount: 5 },
      ],
    });
  });

  test("are independent of the session's time zone", async () => {
    await clockAt("2026-03-28T23:30:00Z");
    await use(3);
    const [row] = await query<{ result: { days: unknown } }>(
      `with zone as (select set_config('timezone', 'Pacific/Kiritimati', true))
       select usage_history($1, 'orders_count', 2) as result from zone`,
      [userId],
    );
    expect(row?.result.days).toEqual([{ day: "2026-03-28", amount: 3 }]);
  });

  test("end with the user's current day, in the requested number", async () => {
    for (const day of ["2026-03-01", "2026-03-02", "2026-03-03"]) {
      await clockAt(`${day}T12:00:00Z`);
      await use(1);
    }
    expect((await history(1)).days).toEqual([{ day: "2026-03-03", amount: 1 }]);
    expect((await history(2)).days.map(({ day }) => day)).toEqual(["2026-03-02", "2026-03-03"]);
    // The answer contains no days after the user's clock, which was moved back.
    await clockAt("2026-03-02T12:00:00Z");
    expect((await history(2)).days.map(({ day }) => day)).toEqual(["2026-03-01", "2026-03-02"]);
  });

  test("reach 400 days back, over a leap day", async () => {
    await clockAt("2024-02-29T10:00:00Z");
    await use(2);
    await clockAt("2025-04-03T10:00:00Z");
    expect(await history(400)).toMatchObject({ from: "2024-02-29", days: [{ day: "2024-02-29", amount: 2 }] });
    expect(await history(399)).toMatchObject({ from: "2024-03-01", days: [] });
  });

  test("follow a processor's clock that runs ahead", async () => {
    const startsAt = Date.now() + 10 * DAY_MS;
    await subscribe(userId, { plan: "solo", product: "depot", startsAt });
    await use(9);
    const today = new Date(startsAt).toISOString().slice(0, 10);
    expect(await history(1)).toMatchObject({ to: today, days: [{ day: today, amount: 9 }] });
  });

  test("are none for a user without usage, and no row is created", async () => {
    const today = new Date().toISOString().slice(0, 10);
    expect(await history(1)).toMatchObject({ from: today, to: today, days: [] });
    expect(await query("select from users where user_id = $1", [userId])).toEqual([]);
  });
});

describe("a release", () => {
  test("lowers the day of the charge that it names", async () => {
    await clockAt("2026-05-10T12:00:00Z");
    await use(60, "job");
    await clockAt("2026-05-12T12:00:00Z");
    await use(5);
    await gateway.release(userId, "orders_count", 20, "job");
    expect((await history()).days).toEqual([
      { day: "2026-05-10", amount: 40 },
      { day: "2026-05-12", amount: 5 },
    ]);
  });

  test("without a named charge lowers the days of the latest charges", async () => {
    await clockAt("2026-05-09T12:00:00Z");
    await use(60);
    await clockAt("2026-05-10T12:00:00Z");
    await use(10);
    await clockAt("2026-05-11T12:00:00Z");
    await gateway.release(userId, "orders_count", 25);
    expect((await history()).days).toEqual([{ day: "2026-05-09", amount: 45 }]);
  });

  test("of carried-over units lowers the days of their charges, too", async () => {
    const now = Date.parse("2026-05-11T12:00:00Z");
    await clockAt(now - DAY_MS);
    const fake = await subscribe(userId, { plan: "office", product: "depot", startsAt: now - DAY_MS });
    await use(1_000);
    await clockAt(now);
    await deliver(gateway, fake.intervalSwitched("yearly", now));
    await gateway.release(userId, "orders_count", 25);
    expect((await history()).days).toEqual([{ day: "2026-05-10", amount: 975 }]);
  });

  test("of all units of a day removes the day", async () => {
    await use(60);
    await gateway.release(userId, "orders_count", 60);
    expect((await history()).days).toEqual([]);
  });
});

test("a settled reservation counts on the day of the reservation, with its settled amount", async () => {
  await clockAt("2026-05-10T23:00:00Z");
  const { reservationId } = await gateway.reserve(userId, "orders_count", 50, 7_200);
  expect((await history()).days).toEqual([]);
  await clockAt("2026-05-11T00:30:00Z");
  await gateway.settle(userId, reservationId as string, 30);
  expect((await history()).days).toEqual([{ day: "2026-05-10", amount: 30 }]);
});

test("the answer contains no usage of another user or another field", async () => {
  await use(7);
  await gateway.consume(`${userId}0`, "orders_count", 11);
  await gateway.consume(userId, "stamps_used", 13);
  expect((await history()).days).toMatchObject([{ amount: 7 }]);
  expect((await gateway.usageHistory(userId, "stamps_used", 30)).days).toMatchObject([{ amount: 13 }]);
});

test.each([0, -1, 401, 2 ** 31 - 1])("%s days are refused", async (days) => {
  await expect(history(days)).rejects.toMatchObject({ problem: "bad_input", field: "days" });
});

test("a gauge and an unknown field have no history", async () => {
  await expect(gateway.usageHistory(userId, "bays_count", 30)).rejects.toMatchObject({ reason: "field_is_gauge" });
  await expect(gateway.usageHistory(userId, "word" as "stamps_used", 30)).rejects.toMatchObject({ field: "field" });
});
