/** Invariant 3 on real Postgres: every order of deliveries, with duplicates, ends in one state, counters included. */
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { DAY_MS } from "@/lib/billing/timeline/calendar";
import { withoutPlan } from "@/lib/billing/timeline/plan-items";
import type { Fact, Processor, ProcessorFact } from "@/lib/billing/types";
import { priceLists } from "@/lib/config/current-catalog";
import { createGateway } from "@/lib/database/gateway";
import type { Normalized } from "@/lib/processors";
import { paddle } from "@/lib/processors/paddle";
import { stripe } from "@/lib/processors/stripe";
import { SHAPES, type Shape } from "@/lib/sandbox/event-builders/stripe/events";
import { ACTIONS, type Action, PADDLE_ACTIONS } from "@/tests/support/billing-simulator/actions";
import { BillingSimulator } from "@/tests/support/billing-simulator/simulator";
import { testDatabase } from "@/tests/support/database";
import { deliverPaddle } from "@/tests/support/paddle";
import { paddleTransaction, renderPaddle } from "@/tests/support/render-paddle";
import { renderStripe } from "@/tests/support/render-stripe";
import { deliver } from "@/tests/support/stripe";
import { rebuild } from "./rebuild";

const database = testDatabase();
const gateway = createGateway(database.transport());
afterAll(() => gateway.end());

const HISTORIES = 16;
let users = 0;

/** Paddle's histories omit the actions that Paddle does not support. */
const actionsOf = (render: Render) => (render === asPaddle || render === mixed ? PADDLE_ACTIONS : ACTIONS);

/** A history of at most seven facts, with usage in between. */
const anyHistory = (render: Render) =>
  fc
    .array(fc.constantFrom(...actionsOf(render)), { minLength: 3, maxLength: 9 })
    .map((actions) => {
      const simulator = new BillingSimulator();
      for (const action of actions.flatMap((each): Action[] => [each, "useHalf"])) simulator.apply(action);
      return simulator;
    })
    .filter(({ facts }) => facts.length >= 3 && facts.length <= 7);

type Event = { processor: Processor; event: Record<string, unknown> };
/** A fact's events, as one processor or the other sends them. */
type Render = (fact: ProcessorFact, userId: string) => Event[];

const asStripe =
  (shape: Shape): Render =>
  (fact, userId) => [{ processor: "stripe", event: renderStripe(fact, userId, shape) }];
const asPaddle: Render = (fact, userId) => renderPaddle(fact, userId).map((event) => ({ processor: "paddle", event }));
/** Every other subscription at the other processor: a user who moves to Paddle and back. */
const mixed: Render = (fact, userId) =>
  (/[13579]$/.test(fact.subscription) ? asPaddle : asStripe("basil"))(fact, userId);

const RENDERINGS: readonly { name: string; render: Render }[] = [
  ...SHAPES.map((shape) => ({ name: `Stripe ${shape}`, render: asStripe(shape) })),
  { name: "Paddle", render: asPaddle },
  { name: "both processors", render: mixed },
];

/** Creates a user with the simulator's usage in the ledger, and delivers the events one after the other. */
async function deliverHistory(simulator: BillingSimulator, order: readonly number[], render: Render): Promise<string> {
  users += 1;
  const userId = `converge-${users}`;
  await gateway.setSandboxClock(userId, simulator.now + 40 * DAY_MS);
  await gateway.usage(userId);
  for (const { at, amount } of simulator.ledger) {
    await database
      .pool()
      .query(
        "insert into usage_ledger (user_id, product, field, at, amount) values ($1, 'mail', 'stamps_used', $2, $3)",
        [userId, new Date(at), amount],
      );
  }
  // The server stores the user of a Paddle checkout before it can be paid.
  for (const id of new Set(simulator.facts.map(({ subscription }) => subscription))) {
    await gateway.linkTransaction("paddle", paddleTransaction(id, userId), userId);
  }
  const events = eventsOf(simulator, render, userId);
  for (const index of order) {
    const { processor, event } = events[index] as Event;
    const { body } = await (processor === "stripe" ? deliver : deliverPaddle)(gateway, event);
    // At Paddle only the creation names its transaction: earlier deliveries wait for it.
    expect(["applied", "duplicate", "deferred", "ignored", "quarantined"]).toContain(body.outcome);
  }
  // An attempt on a sent invoice at an unlisted price is ignored until it is due. A payment before the event that names
  // its item is stored as another item's payment, and counts as well.
  const undecided = `select id, outcome from webhook_events where id like $1
    and outcome is distinct from 'applied' and coalesce(reason, '') not in ('not_due', 'no_plan_line')`;
  expect((await database.pool().query(undecided, [`evt_${userId}_%`])).rows).toEqual([]);
  return userId;
}

function eventsOf(simulator: BillingSimulator, render: Render, userId: string): Event[] {
  return simulator.facts.flatMap((fact) => render(fact, userId));
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
    if (!normalized || !("identity" in normalized)) throw new Error(`${id} has no facts`);
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

/** The stored state, without the user's id. */
async function stateOf(userId: string): Promise<unknown> {
  const { rows } = await database.pool().query("select timeline_state($1, 'mail') as state", [userId]);
  return JSON.parse(JSON.stringify(rows[0].state).replaceAll(userId, "user"));
}

test.each(RENDERINGS)(
  `${HISTORIES} histories from $name end in one state in other orders, with duplicates`,
  async ({ render }) => {
    const cases = fc.sample(
      anyHistory(render).chain((simulator) => {
        const all = eventsOf(simulator, render, "u").map((_, index) => index);
        const order = fc
          .tuple(fc.shuffledSubarray(all, { minLength: all.length }), fc.subarray(all, { maxLength: 2 }))
          .map(([each, again]) => [...each, ...again]);
        return fc.record({
          simulator: fc.constant(simulator),
          inOrder: fc.constant(all),
          orders: fc.array(order, { minLength: 2, maxLength: 2 }),
        });
      }),
      HISTORIES,
    );
    for (const { simulator, inOrder, orders } of cases) {
      const expected = await stateOf(await deliverHistory(simulator, inOrder, render));
      for (const order of orders) {
        const userId = await deliverHistory(simulator, order, render);
        expect(await stateOf(userId), order.join(" ")).toEqual(expected);
        expect((await rebuild(gateway, userId, "mail", false)).differences).toEqual([]);
        await expectSameFactsAgain(userId);
      }
    }
  },
);

test("the rebuild finds, reports and repairs a row that was changed by hand", async () => {
  const simulator = new BillingSimulator();
  for (const action of ["subscribeHigh", "use", "toPeriodEnd", "useHalf"] as const) simulator.apply(action);
  const inOrder = eventsOf(simulator, asStripe("basil"), "u").map((_, index) => index);
  const userId = await deliverHistory(simulator, inOrder, asStripe("basil"));
  const before = await stateOf(userId);
  await database
    .pool()
    .query("update usage_counters set used = 1 where user_id = $1 and field = 'stamps_used'", [userId]);
  const compared = await rebuild(gateway, userId, "mail", false);
  expect(compared.differences.map(({ part }) => part)).toEqual(["counters"]);
  expect(await stateOf(userId)).not.toEqual(before);
  await rebuild(gateway, userId, "mail", true);
  expect(await stateOf(userId)).toEqual(before);
});
