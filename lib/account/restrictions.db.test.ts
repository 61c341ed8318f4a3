import { beforeEach, describe, expect, test } from "vitest";
import type { FieldId } from "@/lib/config/catalog";
import type { ChargeSum } from "@/lib/database";
import { createGateway } from "@/lib/database/gateway";
import { testDatabase } from "@/tests/support/database";

const database = testDatabase();
const gateway = createGateway(database.transport());

let users = 0;
let userId = "";
beforeEach(() => {
  users += 1;
  userId = `restricted-${users}`;
});

const query = async (text: string, values: unknown[] = []) => (await database.pool().query(text, values)).rows;

async function meters(product: string) {
  const { subscriptions } = await gateway.usage(userId);
  return subscriptions.find((each) => each.product === product)?.meters;
}

describe("a limit override, after an erasure and a return", () => {
  const limit = async (field: FieldId) => (await gateway.consume(userId, field, 1)).limit;
  const grant = (field: FieldId, amount: number, expiresAt: number | null = null) =>
    gateway.setLimitOverride(userId, field, amount, { by: "admin", expiresAt, reason: `Abuse by ${userId}` });

  test("a block applies again after each return", async () => {
    await grant("stamps_used", 0);
    await grant("orders_count", 40);
    for (let time = 0; time < 2; time += 1) {
      await gateway.eraseAccount(userId);
      expect(await gateway.consume(userId, "stamps_used", 1)).toMatchObject({ allowed: false, limit: 0 });
      expect(await gateway.consume(userId, "orders_count", 41)).toMatchObject({ allowed: false, limit: 40 });
      expect(await meters("mail")).toContainEqual(expect.objectContaining({ field: "stamps_used", limit: 0 }));
      // The product's other meter has the plan's limit.
      expect(await limit("parcels_sent")).toBe(10);
    }
  });

  test("a batch of the gate can be the first call after the return", async () => {
    await grant("stamps_used", 0);
    await gateway.eraseAccount(userId);
    const sum = { userId, field: "stamps_used", amount: 1, unkeyed: 1, group: 0, keyed: [] } satisfies ChargeSum;
    expect(await gateway.consumeBatch([sum])).toEqual([null]);
    const charge = { call: 0, userId, field: "stamps_used", amount: 1, key: null } as const;
    expect(await gateway.consumeSequential([charge])).toMatchObject([[{ allowed: false, limit: 0 }]]);
  });

  test("a limit above the plan's is not restored", async () => {
    await grant("stamps_used", 800);
    await gateway.eraseAccount(userId);
    expect(await limit("stamps_used")).toBe(500);
    expect(await query("select from limit_overrides where user_id = $1", [userId])).toEqual([]);
  });

  test("the expiry is kept", async () => {
    const expiresAt = Date.now() + 3_600_000;
    await grant("stamps_used", 0, expiresAt);
    await gateway.eraseAccount(userId);
    expect(await limit("stamps_used")).toBe(0);
    expect(await query("select expires_at, reason from limit_overrides where user_id = $1", [userId])).toEqual([
      { expires_at: new Date(expiresAt), reason: null },
    ]);
    await gateway.setSandboxClock(userId, expiresAt + 1);
    expect(await limit("stamps_used")).toBe(500);
  });

  test("an override that expired before the return is not restored", async () => {
    await grant("stamps_used", 0, Date.now() + 3_600_000);
    await gateway.eraseAccount(userId);
    await gateway.setSandboxClock(userId, Date.now() + 7_200_000);
    expect(await limit("stamps_used")).toBe(500);
    expect(await query("select from limit_overrides where user_id = $1", [userId])).toEqual([]);
  });

  test("the tombstone contains nothing about the user, also not the reason", async () => {
    await grant("stamps_used", 0);
    await gateway.eraseAccount(userId);
    const [tombstone] = await query("select products from erased_accounts where user_hash = user_hash($1)", [userId]);
    expect(tombstone.products.mail.restrictions).toEqual({
      stamps_used: expect.objectContaining({ limit: 0, granted_by: "admin" }),
    });
    expect(JSON.stringify(tombstone)).not.toContain(userId);
  });
});
