/** Idempotency keys of sessions and of services are two namespaces: a user can predict a service's keys. */
import { describe, expect, test } from "vitest";
import { meteredDatabase } from "@/tests/support/metered";
import { createGate } from "./gate";

const { gateway, meter, ledger, query } = meteredDatabase();
const gate = createGate(() => gateway);

let users = 0;
function newUser(): string {
  users += 1;
  return `namespace-${users}`;
}

type Consume = (userId: string, amount: number, bySession: boolean) => Promise<{ allowed: boolean; used: number }>;

const batch: Consume = (userId, amount, bySession) =>
  gate.consume(userId, "stamps_used", amount, { idempotencyKey: "J", bySession });
const sequential: Consume = async (userId, amount, bySession) => {
  const [answer] = await gateway.consumeSequential([
    { call: 0, userId, field: "stamps_used", amount, key: "J", bySession },
  ]);
  if (!Array.isArray(answer)) throw answer;
  return answer[0] as Awaited<ReturnType<Consume>>;
};

async function expectUsed(userId: string, used: number): Promise<void> {
  expect(await meter(userId, "stamps_used")).toMatchObject({ used });
  expect(await ledger(userId, "stamps_used")).toBe(used);
}

describe.each([
  ["batch mode", batch],
  ["sequential mode", sequential],
])("%s", (_, consume) => {
  test.each([[true], [false]])("charges a call with the other namespace's key (session first: %s)", async (first) => {
    const userId = newUser();
    await gateway.usage(userId);
    expect(await consume(userId, 100, first)).toMatchObject({ allowed: true, used: 100 });
    // Another amount: in one namespace this would be a conflict.
    expect(await consume(userId, 30, !first)).toMatchObject({ allowed: true, used: 130 });
    expect(await consume(userId, 100, first)).toMatchObject({ allowed: true, used: 100 });
    expect(await consume(userId, 30, !first)).toMatchObject({ allowed: true, used: 130 });
    await expect(consume(userId, 31, !first)).rejects.toMatchObject({ reason: "key_reused" });
    await expectUsed(userId, 130);
  });

  test("never finds a session's charge by a service's key, neither while the key is kept nor later", async () => {
    const userId = newUser();
    await gateway.usage(userId);
    await consume(userId, 100, true);
    const giveBack = () => gate.release(userId, "stamps_used", 100, { of: "J" });
    await expect(giveBack()).rejects.toMatchObject({ reason: "charge_not_found" });
    await query("delete from idempotency_keys where user_id = $1", [userId]);
    await expect(giveBack()).rejects.toMatchObject({ reason: "charge_not_found" });
    await expectUsed(userId, 100);
  });

  test("gives back the service's charge of a key that a session uses too", async () => {
    const userId = newUser();
    await gateway.usage(userId);
    await consume(userId, 100, true);
    await consume(userId, 30, false);
    expect(await gate.release(userId, "stamps_used", 100, { of: "J" })).toMatchObject({ givenBack: 30, used: 100 });
    // The session's key still names its charge; the service's is free.
    expect(await consume(userId, 100, true)).toMatchObject({ used: 100 });
    expect(await consume(userId, 30, false)).toMatchObject({ used: 130 });
    await expectUsed(userId, 130);
  });

  test("frees the key of the charge that a release without a name gives back", async () => {
    const userId = newUser();
    await gateway.usage(userId);
    await consume(userId, 100, false);
    await consume(userId, 30, true);
    await gate.release(userId, "stamps_used", 30);
    const keys = await query(
      "select by_session, reversed from idempotency_keys where user_id = $1 order by by_session",
      [userId],
    );
    expect(keys).toEqual([
      { by_session: false, reversed: false },
      { by_session: true, reversed: true },
    ]);
    expect(await consume(userId, 30, true)).toMatchObject({ allowed: true, used: 130 });
    await expectUsed(userId, 130);
  });
});

test("one batch charges both calls of one key", async () => {
  const userId = newUser();
  await gateway.usage(userId);
  await Promise.all([batch(userId, 100, true), batch(userId, 100, false), batch(userId, 100, true)]);
  await expectUsed(userId, 200);
});

test.each([[true], [false]])("the cleanup removes each key after its own time (session's: %s)", async (old) => {
  const userId = newUser();
  await batch(userId, 100, true);
  await batch(userId, 30, false);
  await query(
    "update idempotency_keys set created_at = now() - interval '49 hours' where user_id = $1 and by_session = $2",
    [userId, old],
  );
  await query("select cleanup_usage()");
  expect(await query("select by_session from idempotency_keys where user_id = $1", [userId])).toEqual([
    { by_session: !old },
  ]);
});
