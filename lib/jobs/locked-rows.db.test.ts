/** A row that another session locks delays a job only by the deadline of that row. */

import { expect, test } from "vitest";
import { MINUTE_MS } from "@/lib/billing/timeline/calendar";
import { baysTable } from "@/tests/support/acme/bays";
import { meteredDatabase } from "@/tests/support/metered";
import { expireReservations } from "./expire";
import { reconcileUsage } from "./reconcile-usage";

const { database, gateway, query } = meteredDatabase({ deadlines: "shipped" });

/** Runs `work` while a second session locks the user's rows. */
async function whileLocked<T>(userId: string, work: () => Promise<T>): Promise<T> {
  const client = await database.pool().connect();
  try {
    await client.query("begin");
    await client.query("select from subscriptions where user_id = $1 for update", [userId]);
    return await work();
  } finally {
    await client.query("rollback");
    client.release();
  }
}

test("a locked row's reservation expires in the next run, all others in this one", async () => {
  for (const userId of ["stuck", "free"]) {
    await gateway.reserve(userId, "stamps_used", 100, 60);
    await gateway.setSandboxClock(userId, Date.now() + 2 * MINUTE_MS);
  }
  expect(await whileLocked("stuck", () => expireReservations(gateway))).toEqual({ rows: 1 });
  expect(await query("select user_id, state from reservations order by user_id")).toEqual([
    { user_id: "free", state: "expired" },
    { user_id: "stuck", state: "open" },
  ]);
  expect(
    await query("select reserved::int from usage_counters where user_id = 'free' and field = 'stamps_used'"),
  ).toEqual([{ reserved: 0 }]);
  expect(await expireReservations(gateway)).toEqual({ rows: 1 });
});

test("a locked row's gauge is repaired in the next run, all others in this one", async () => {
  for (const userId of ["gauge-1", "gauge-2"]) {
    await baysTable(gateway).create(userId, "Bay");
    await query("update usage_counters set used = 2 where user_id = $1 and field = 'bays_count'", [userId]);
  }
  expect(await whileLocked("gauge-1", () => reconcileUsage(gateway))).toMatchObject({ drifting: 2, repaired: 1 });
  expect(await reconcileUsage(gateway)).toMatchObject({ drifting: 1, repaired: 1 });
});
