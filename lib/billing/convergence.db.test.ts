/** Invariant 3 on real Postgres: every order of deliveries, with duplicates, ends in one state, counters included. */
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/postgres";
import { testDatabase } from "@/tests/support/database";
import { renderStripe } from "@/tests/support/render-stripe";
import { deliver } from "@/tests/support/stripe";
import { ACTIONS, type Action, World } from "@/tests/support/world";
import type { Fact } from "./facts";
import { DAY } from "./period";
import { SHAPES } from "./processors/stripe/events";
import { rebuild } from "./rebuild";

const database = testDatabase();
const gateway = createGateway(postgresTransport(database.url));
afterAll(() => gateway.end());

const HISTORIES = 40;
let users = 0;

/** A history of at most seven facts, and what was used in between. */
const anyHistory = fc
  .array(fc.constantFrom(...ACTIONS), { minLength: 3, maxLength: 9 })
  .map((actions) => {
    const world = new World();
    for (const action of actions.flatMap((each): Action[] => [each, "useHalf"])) world.act(action);
    return world;
  })
  .filter(({ facts }) => facts.length >= 3 && facts.length <= 7);

/** A user with the world's use in the ledger, to whom the deliveries come one after the other. */
async function live(world: World, deliveries: readonly Fact[], shape: (typeof SHAPES)[number]) {
  users += 1;
  const userId = `converge-${users}`;
  await gateway.setSandboxClock(userId, world.now + 40 * DAY);
  await gateway.usage(userId);
  for (const { at, amount } of world.ledger) {
    await database
      .pool()
      .query(
        "insert into usage_ledger (user_id, product, field, at, amount) values ($1, 'writer', 'words_used', $2, $3)",
        [userId, new Date(at), amount],
      );
  }
  for (const fact of deliveries) {
    const { body } = await deliver(gateway, renderStripe(fact, userId, shape));
    expect(["applied", "duplicate"]).toContain(body.outcome);
  }
  return userId;
}

/** All that is stored, without what tells users apart. */
async function stateOf(userId: string): Promise<unknown> {
  const { rows } = await database.pool().query("select timeline_state($1, 'writer') as state", [userId]);
  return JSON.parse(JSON.stringify(rows[0].state).replaceAll(userId, "user"));
}

test(`${HISTORIES} histories, each in three other orders with duplicates`, async () => {
  const cases = fc.sample(
    anyHistory.chain((world) =>
      fc.record({
        world: fc.constant(world),
        shape: fc.constantFrom(...SHAPES),
        orders: fc.array(
          fc
            .tuple(
              fc.shuffledSubarray(world.facts, { minLength: world.facts.length }),
              fc.subarray(world.facts, { maxLength: 2 }),
            )
            .map(([all, again]) => [...all, ...again]),
          { minLength: 3, maxLength: 3 },
        ),
      }),
    ),
    HISTORIES,
  );
  for (const { world, shape, orders } of cases) {
    const first = await live(world, world.facts, shape);
    const expected = await stateOf(first);
    for (const order of orders) {
      const other = await live(world, order, shape);
      expect(await stateOf(other), order.map(({ id }) => id).join(" ")).toEqual(expected);
      expect((await rebuild(gateway, other, "writer", false)).differences).toEqual([]);
    }
  }
}, 180_000);

test("what somebody changed by hand is found, reported and repaired by the rebuild", async () => {
  const world = new World();
  for (const action of ["subscribeHigh", "use", "toPeriodEnd", "useHalf"] as const) world.act(action);
  const userId = await live(world, world.facts, "g2");
  const before = await stateOf(userId);
  await database
    .pool()
    .query(`update subscriptions set usage = usage || '{"words_used": 1}' where user_id = $1 and product = 'writer'`, [
      userId,
    ]);
  const compared = await rebuild(gateway, userId, "writer", false);
  expect(compared.differences.map(({ part }) => part)).toEqual(["entitlement"]);
  expect(await stateOf(userId)).not.toEqual(before);
  await rebuild(gateway, userId, "writer", true);
  expect(await stateOf(userId)).toEqual(before);
});
