/** Invariant 3 on real Postgres: every order of deliveries, with duplicates, ends in one state, counters included. */
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/postgres";
import { testDatabase } from "@/tests/support/database";
import { renderStripe } from "@/tests/support/render-stripe";
import { deliver } from "@/tests/support/stripe";
import { ACTIONS, type Action, World } from "@/tests/support/world";
import { priceLists } from "./catalog";
import type { ProcessorFact } from "./facts";
import { DAY } from "./period";
import { stripe } from "./processors/stripe";
import { SHAPES } from "./processors/stripe/events";
import { rebuild } from "./rebuild";

const database = testDatabase();
const gateway = createGateway(postgresTransport(database.url));
afterAll(() => gateway.end());

const { find } = priceLists("stripe", {}, { sandbox: true });
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
async function live(world: World, deliveries: readonly ProcessorFact[], shape: (typeof SHAPES)[number]) {
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

/** The stored bytes, normalized again, give the facts that are stored. */
async function expectSameFactsAgain(userId: string): Promise<void> {
  const { rows } = await database.pool().query(
    `select e.id, f.body from webhook_events e
     join facts f on f.user_id = e.user_id and f.event_id = e.id where e.user_id = $1`,
    [userId],
  );
  expect(rows.length).toBeGreaterThan(0);
  for (const { id, body } of rows) {
    const { raw } = await gateway.loadWebhookEvent("stripe", id);
    const parsed = stripe.parse(raw);
    const normalized = parsed.ok && stripe.normalize(parsed.event, find);
    expect(normalized && normalized.outcome === "facts" && normalized.facts[0]?.fact).toEqual(body);
  }
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
      await expectSameFactsAgain(other);
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
