/** Invariant 3 on real Postgres: every order of deliveries, with duplicates, ends in one state, counters included. */
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { DAY } from "@/lib/billing/timeline/calendar";
import { withoutPlan } from "@/lib/billing/timeline/plan-items";
import type { Fact, Processor, ProcessorFact } from "@/lib/billing/types";
import { priceLists } from "@/lib/config/current-catalog";
import { createGateway } from "@/lib/database/gateway";
import type { Normalized } from "@/lib/processors";
import { paddle } from "@/lib/processors/paddle";
import { stripe } from "@/lib/processors/stripe";
import { SHAPES, type Shape } from "@/lib/sandbox/event-builders/stripe/events";
import { testDatabase } from "@/tests/support/database";
import { deliverPaddle } from "@/tests/support/paddle";
import { paddleTransaction, renderPaddle } from "@/tests/support/render-paddle";
import { renderStripe } from "@/tests/support/render-stripe";
import { deliver } from "@/tests/support/stripe";
import { ACTIONS, type Action, PADDLE_ACTIONS, World } from "@/tests/support/world";
import { rebuild } from "./rebuild";

const database = testDatabase();
const gateway = createGateway(database.transport());
afterAll(() => gateway.end());

const HISTORIES = 16;
let users = 0;

/** Paddle's histories leave out what Paddle cannot say. */
const actionsOf = (render: Render) => (render === asPaddle || render === mixed ? PADDLE_ACTIONS : ACTIONS);

/** A history of at most seven facts, and what was used in between. */
const anyHistory = (render: Render) =>
  fc
    .array(fc.constantFrom(...actionsOf(render)), { minLength: 3, maxLength: 9 })
    .map((actions) => {
      const world = new World();
      for (const action of actions.flatMap((each): Action[] => [each, "useHalf"])) world.act(action);
      return world;
    })
    .filter(({ facts }) => facts.length >= 3 && facts.length <= 7);

type Event = { processor: Processor; event: Record<string, unknown> };
/** A fact's events, as one processor or the other sends them. */
type Render = (fact: ProcessorFact, userId: string) => Event[];

const asStripe =
  (shape: Shape): Render =>
  (fact, userId) => [{ processor: "stripe", event: renderStripe(fact, userId, shape) }];
const asPaddle: Render = (fact, userId) => renderPaddle(fact, userId).map((event) => ({ processor: "paddle", event }));
/** Every other subscription at the other processor: a user who moves, and comes back. */
const mixed: Render = (fact, userId) =>
  (/[13579]$/.test(fact.subscription) ? asPaddle : asStripe("basil"))(fact, userId);

const RENDERINGS: readonly { name: string; render: Render }[] = [
  ...SHAPES.map((shape) => ({ name: `Stripe ${shape}`, render: asStripe(shape) })),
  { name: "Paddle", render: asPaddle },
  { name: "both", render: mixed },
];

/** A user with the world's use in the ledger, to whom the events come one after the other. */
async function live(world: World, order: readonly number[], render: Render): Promise<string> {
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
  // The server stores whose a Paddle checkout is before anybody can pay.
  for (const id of new Set(world.facts.map(({ subscription }) => subscription))) {
    await gateway.linkTransaction("paddle", paddleTransaction(id, userId), userId);
  }
  const events = eventsOf(world, render, userId);
  for (const index of order) {
    const { processor, event } = events[index] as Event;
    const { body } = await (processor === "stripe" ? deliver : deliverPaddle)(gateway, event);
    // Of Paddle only the creation names its transaction: what comes before it waits for it.
    expect(["applied", "duplicate", "deferred", "ignored", "quarantined"]).toContain(body.outcome);
  }
  // An attempt on a sent invoice at an unlisted price is ignored until it is due; a payment that came before the event
  // which names its item is stored as another item's, and counts all the same.
  const undecided = `select id, outcome from webhook_events where id like $1
    and outcome is distinct from 'applied' and coalesce(reason, '') not in ('not_due', 'no_plan_line')`;
  expect((await database.pool().query(undecided, [`evt_${userId}_%`])).rows).toEqual([]);
  return userId;
}

function eventsOf(world: World, render: Render, userId: string): Event[] {
  return world.facts.flatMap((fact) => render(fact, userId));
}

const SOURCES = { stripe, paddle };

/** The stored bytes, normalized again, give the facts that are stored. */
async function expectSameFactsAgain(userId: string): Promise<void> {
  const { rows } = await database
    .pool()
    .query<{ id: string; processor: Processor; product: string; body: ProcessorFact }>(
      `select e.id, e.processor, f.product, f.body from webhook_events e
     join facts f on f.user_id = e.user_id and f.event_id = e.id where e.user_id = $1`,
      [userId],
    );
  expect(rows.length).toBeGreaterThan(0);
  for (const { id, processor, product, body } of rows) {
    const { raw } = await gateway.loadWebhookEvent(processor, id);
    const parsed = SOURCES[processor].parse(raw);
    const { find } = priceLists(processor, {}, { sandbox: true });
    const normalized = parsed.ok && SOURCES[processor].normalize(parsed.event, find);
    if (!normalized || !("identity" in normalized)) throw new Error(`${id} says nothing`);
    expect(factFor(product, normalized)).toEqual(body);
  }
}

/** The product's own fact, or the one that it shares with the other products of the subscription. */
function factFor(product: string, normalized: Normalized): Fact | null | undefined {
  if (normalized.outcome === "unpriced") return normalized.fact;
  if (normalized.outcome !== "facts") return undefined;
  const own = normalized.facts.find((entry) => entry.product === product)?.fact;
  return own ?? (normalized.facts[0] && withoutPlan(normalized.facts[0].fact));
}

/** All that is stored, without what tells users apart. */
async function stateOf(userId: string): Promise<unknown> {
  const { rows } = await database.pool().query("select timeline_state($1, 'writer') as state", [userId]);
  return JSON.parse(JSON.stringify(rows[0].state).replaceAll(userId, "user"));
}

test.each(RENDERINGS)(
  `${HISTORIES} histories as $name sends them, each in two other orders with duplicates`,
  async ({ render }) => {
    const cases = fc.sample(
      anyHistory(render).chain((world) => {
        const all = eventsOf(world, render, "u").map((_, index) => index);
        const order = fc
          .tuple(fc.shuffledSubarray(all, { minLength: all.length }), fc.subarray(all, { maxLength: 2 }))
          .map(([each, again]) => [...each, ...again]);
        return fc.record({
          world: fc.constant(world),
          inOrder: fc.constant(all),
          orders: fc.array(order, { minLength: 2, maxLength: 2 }),
        });
      }),
      HISTORIES,
    );
    for (const { world, inOrder, orders } of cases) {
      const expected = await stateOf(await live(world, inOrder, render));
      for (const order of orders) {
        const userId = await live(world, order, render);
        expect(await stateOf(userId), order.join(" ")).toEqual(expected);
        expect((await rebuild(gateway, userId, "writer", false)).differences).toEqual([]);
        await expectSameFactsAgain(userId);
      }
    }
  },
);

test("what somebody changed by hand is found, reported and repaired by the rebuild", async () => {
  const world = new World();
  for (const action of ["subscribeHigh", "use", "toPeriodEnd", "useHalf"] as const) world.act(action);
  const inOrder = eventsOf(world, asStripe("basil"), "u").map((_, index) => index);
  const userId = await live(world, inOrder, asStripe("basil"));
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
