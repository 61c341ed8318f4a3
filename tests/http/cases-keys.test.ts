/** Cases 1 to 4: idempotency keys of reversed charges, sent to the production build as a service sends them. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { appServer, SANDBOX } from "@/tests/support/app-server";
import { testDatabase } from "@/tests/support/database";

const database = testDatabase();
const USAGE_KEY = "usage-key-of-the-tests";
const app = appServer(() => ({
  ...SANDBOX,
  DATABASE_URL: database.url,
  USAGE_API_KEY: USAGE_KEY,
}));

type Operation = "consume" | "release" | "reserve" | "settle";

/** A call with the service key; its answer, which must be 200. Words of the writer's free plan: 500 per day. */
async function call(operation: Operation, userId: string, body: Record<string, unknown>) {
  const { status, json, text } = await app.send(`/api/usage/${operation}`, {
    method: "POST",
    headers: { authorization: `Bearer ${USAGE_KEY}` },
    body: { userId, ...(operation === "settle" ? {} : { field: "words_used" }), ...body },
  });
  expect(status, text).toBe(200);
  return json as Record<string, unknown>;
}

/** Used and reserved words in the database. */
async function words(userId: string): Promise<{ used: number; held: number }> {
  const { rows } = await database
    .pool()
    .query("select used::int, reserved::int as held from usage_counters where user_id = $1 and field = 'words_used'", [
      userId,
    ]);
  return rows[0];
}

test("Case 1: consume, release, consume with one key: 100 used", async () => {
  const charge = { amount: 100, idempotencyKey: "J" };
  expect(await call("consume", "case-1", charge)).toMatchObject({ allowed: true, used: 100 });
  expect(await call("release", "case-1", { amount: 100, of: "J" })).toMatchObject({ givenBack: 100, used: 0 });
  expect(await call("consume", "case-1", charge)).toMatchObject({ allowed: true, used: 100, remaining: 400 });
  expect(await words("case-1")).toEqual({ used: 100, held: 0 });
});

test("Case 2: reserve, settle to 0, reserve with one key: 400 reserved, then 350 used", async () => {
  const hold = { amount: 400, ttlSeconds: 600, idempotencyKey: "J" };
  const { reservationId: first } = await call("reserve", "case-2", hold);
  await call("settle", "case-2", { reservationId: first, amount: 0 });
  const second = await call("reserve", "case-2", hold);
  expect(second).toMatchObject({ allowed: true, remaining: 100, settled: null });
  expect(second.reservationId).not.toBe(first);
  expect(await words("case-2")).toEqual({ used: 0, held: 400 });
  const settled = await call("settle", "case-2", { reservationId: second.reservationId, amount: 350 });
  expect(settled).toMatchObject({ allowed: true, settled: 350, used: 350 });
  expect(await words("case-2")).toEqual({ used: 350, held: 0 });
  expect(await call("reserve", "case-2", hold)).toEqual({ ...second, settled: 350 });
});

test("Case 3: reserve for a second, wait two, reserve with one key: a new reservation, or refused", async () => {
  const hold = { amount: 400, ttlSeconds: 1, idempotencyKey: "J" };
  const { reservationId: first } = await call("reserve", "case-3", hold);
  await sleep(2_000);
  const second = await call("reserve", "case-3", hold);
  expect(second).toMatchObject({ allowed: true, settled: null });
  expect(second.reservationId).not.toBe(first);
  expect(await words("case-3")).toEqual({ used: 0, held: 400 });
  await sleep(2_000);
  await call("consume", "case-3", { amount: 200 });
  expect(await call("reserve", "case-3", hold)).toMatchObject({ allowed: false, reservationId: null });
  expect(await words("case-3")).toEqual({ used: 200, held: 0 });
});

test("Case 4: 20 jobs of 500, each charged and released, then all again: 500 allowed in total", async () => {
  const jobs = Array.from({ length: 20 }, (_, index) => ({ amount: 500, idempotencyKey: `job-${index}` }));
  for (const job of jobs) {
    expect(await call("consume", "case-4", job)).toMatchObject({ allowed: true });
    expect(await call("release", "case-4", { amount: 500, of: job.idempotencyKey })).toMatchObject({ givenBack: 500 });
  }
  const again = [];
  for (const job of jobs) again.push(await call("consume", "case-4", job));
  expect(again.filter(({ allowed }) => allowed)).toHaveLength(1);
  expect(await words("case-4")).toEqual({ used: 500, held: 0 });
});

test("Finding S10: a session's call with a service's key does not make the service's call a retry", async () => {
  const userId = "finding-s10";
  const { cookies } = await app.send("/api/auth/local", { method: "POST", body: { userId } });
  const headers = { cookie: cookies.map((each) => each.split(";")[0]).join("; ") };
  const asSession = (operation: Operation, body: Record<string, unknown>) =>
    app.send(`/api/usage/${operation}`, { method: "POST", headers, body: { field: "words_used", ...body } });

  const charge = { amount: 100, idempotencyKey: "invoice-2026-11" };
  expect((await asSession("consume", charge)).json).toMatchObject({ allowed: true, used: 100 });
  expect(await call("consume", userId, charge)).toMatchObject({ allowed: true, used: 200 });
  expect((await asSession("consume", charge)).json).toMatchObject({ allowed: true, used: 100 });
  expect(await words(userId)).toEqual({ used: 200, held: 0 });

  // A session cannot release a charge or settle a reservation.
  expect((await asSession("release", { userId, amount: 100, of: charge.idempotencyKey })).status).toBe(403);
  const { reservationId } = await call("reserve", userId, { amount: 50, ttlSeconds: 600, idempotencyKey: "hold" });
  expect((await asSession("settle", { userId, reservationId, amount: 0, field: undefined })).status).toBe(403);
  expect(await words(userId)).toEqual({ used: 200, held: 50 });

  // The service's key names the service's charge only.
  expect(await call("release", userId, { amount: 500, of: charge.idempotencyKey })).toMatchObject({ givenBack: 100 });
  expect(await words(userId)).toEqual({ used: 100, held: 50 });
});
