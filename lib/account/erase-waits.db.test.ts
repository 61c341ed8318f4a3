import { describe, expect, test, vi } from "vitest";
import { DAY_MS } from "@/lib/billing/timeline/calendar";
import type { Gateway } from "@/lib/database";
import { createGateway } from "@/lib/database/gateway";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { testDatabase } from "@/tests/support/database";
import { deliver } from "@/tests/support/stripe";

const database = testDatabase();
const gateway = createGateway(database.transport());

const price = { product: "mail", plan: "silver", interval: "monthly" } as const;

/** Runs a statement in an open transaction, starts `meanwhile`, commits when it waits for a lock, and returns its result. */
async function during<T>(sql: string, values: unknown[], meanwhile: () => Promise<T>): Promise<T | unknown> {
  const client = await database.pool().connect();
  await client.query("begin");
  await client.query(sql, values);
  const waiting = meanwhile().catch((error: unknown) => error);
  await vi.waitUntil(
    async () => (await database.pool().query("select from pg_locks where not granted")).rows.length > 0,
    { timeout: 60_000, interval: 5 },
  );
  await client.query("commit");
  client.release();
  return waiting;
}

const CONSUME = "select check_and_increment_usage($1, 'stamps_used', null, 500)";

describe("an erasure and a call that waits for it", () => {
  test("the tombstone keeps the units of a product with an uncommitted row", async () => {
    const userId = "made-meanwhile";
    await gateway.ensureUser(userId, null, null);
    expect(await during(CONSUME, [userId], () => gateway.eraseAccount(userId))).toEqual({ erased: true });
    expect(await gateway.consume(userId, "stamps_used", 1)).toMatchObject({ allowed: false, used: 500 });
  });

  test("a call for a product without a row counts for the user's return", async () => {
    const userId = "made-after";
    await gateway.consume(userId, "orders_count", 60);
    const consumed = await during("select erase_account($1)", [userId], () =>
      gateway.consume(userId, "stamps_used", 500),
    );
    expect(consumed).toMatchObject({ allowed: true, used: 500 });
    expect(await gateway.consume(userId, "orders_count", 60)).toMatchObject({ allowed: false, used: 60 });
  });

  test("a commit computed before the erasure is computed again, and its subscription keeps a link", async () => {
    const userId = "computed-before";
    const fake = fakeStripeSubscription({ id: `sub_${userId}`, userId, price, startsAt: Date.now() - DAY_MS });
    let erased = 0;
    const interrupted: Gateway = {
      ...gateway,
      async commitTimeline(input) {
        if (erased === 0) erased += (await gateway.eraseAccount(userId)).erased ? 1 : 0;
        return gateway.commitTimeline(input);
      },
    };
    const receipt = await deliver(interrupted, fake.created());
    expect(receipt.body).toMatchObject({ outcome: "applied" });
    expect(erased).toBe(1);
    const ended = fake.deleted(Date.now());
    Object.assign((ended.data as { object: object }).object, { metadata: {} });
    expect((await deliver(gateway, ended)).body).toMatchObject({ outcome: "applied" });
    const { rows } = await database
      .pool()
      .query("select ended_at from subscription_records where user_id = $1", [userId]);
    expect(rows).toEqual([{ ended_at: expect.any(Date) }]);
  });

  test("a late event does not reopen a subscription that ended before the erasure", async () => {
    const userId = "ended-before";
    const fake = fakeStripeSubscription({ id: `sub_${userId}`, userId, price, startsAt: Date.now() - DAY_MS });
    await deliver(gateway, fake.created());
    const late = fake.planChanged("titanium", Date.now() - 2_000);
    await deliver(gateway, fake.deleted(Date.now() - 1_000));
    await gateway.eraseAccount(userId);
    expect((await deliver(gateway, late)).status).toBe(200);
    const { subscriptions } = await gateway.usage(userId);
    expect(subscriptions.map(({ plan }) => plan)).toEqual(["free", "free"]);
  });

  test("is refused after a paid checkout before its webhook", async () => {
    const userId = "paid-just-now";
    const sale = { userId, product: "mail", plan: "silver", interval: "monthly", processor: "stripe" } as const;
    const begun = await gateway.beginCheckout({ ...sale, trial: false });
    if (begun.outcome !== "begun") throw new Error(begun.outcome);
    const { id } = begun.checkout;
    await gateway.openCheckout(userId, id, "cs_paid", "https://pay.example");
    await gateway.finishCheckout(userId, id, "paid", "sub_of_paid_just_now");
    await expect(gateway.eraseAccount(userId)).rejects.toMatchObject({ reason: "subscription_alive" });
    await database
      .pool()
      .query("update checkouts set updated_at = now() - interval '3 days' where user_id = $1", [userId]);
    expect(await gateway.eraseAccount(userId)).toEqual({ erased: true });
  });
});
