/** What time brings, without a database: any life of a subscription goes on in order, and every event adds up. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Price } from "@/lib/config/catalog";
import { priceLists } from "@/lib/config/current-catalog";
import { isPlainObject } from "@/lib/processors/envelope";
import { objectBefore } from "@/lib/processors/stripe/before";
import { planPrice } from "@/lib/processors/stripe/events";
import { normalized } from "@/lib/processors/stripe/testing";
import { catchUp } from "../played";
import { type Emitted, take } from "../turn";
import { cancelAtPeriodEnd } from "./cancel";
import { changeCard, paySession } from "./checkout";
import { debitsOf } from "./debits";
import { type MethodNumber, STRIPE_METHODS } from "./methods";
import { playedStripe } from "./played";
import { intervalOf } from "./proration";
import { changeItems } from "./subscriptions";
import {
  type BillingMode,
  isFlexible,
  isLive,
  newWorld,
  nextId,
  type Session,
  type StripeTurn,
  seconds,
  type World,
} from "./world";

const { find } = priceLists("stripe", {}, { sandbox: true });
const START = Date.UTC(2027, 0, 31, 12);
const DAY = 86_400_000;
const writer = (plan: string, interval: Price["interval"] = "monthly") =>
  planPrice({ product: "writer", plan, interval });

const CLASSIC: BillingMode = { type: "classic" };
const FLEXIBLE: BillingMode = { type: "flexible", prorationDiscounts: "included" };

function open(turn: StripeTurn, trialDays: number | null, billingMode = FLEXIBLE): Session {
  const session: Session = {
    id: nextId(turn.world, "cs_test"),
    created: seconds(turn),
    expiresAt: seconds(turn) + 86_400,
    status: "open",
    items: [{ price: writer("plus"), quantity: 1 }],
    trialEnd: trialDays === null ? null : { days: trialDays },
    paymentMethodCollection: "always",
    missingPaymentMethod: "create_invoice",
    billingMode,
    metadata: {},
    subscriptionMetadata: { user_id: "u" },
    clientReferenceId: null,
    customerEmail: null,
    details: null,
    successUrl: "http://localhost/",
    cancelUrl: null,
    subscription: null,
    invoice: null,
  };
  turn.world.sessions.push(session);
  return session;
}

const payment = (card: MethodNumber) => ({ card, email: null, name: null, confirmed: true });

type Move =
  | { kind: "wait"; days: number }
  | { kind: "card"; card: MethodNumber }
  | { kind: "cancel"; cancels: boolean }
  | {
      kind: "change";
      plan: string;
      interval: Price["interval"];
      payment: "pending_if_incomplete" | "allow_incomplete";
    };

const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({ kind: fc.constant("wait" as const), days: fc.integer({ min: 0, max: 45 }) }),
  fc.record({ kind: fc.constant("card" as const), card: fc.constantFrom(...STRIPE_METHODS.map(({ id }) => id)) }),
  fc.record({ kind: fc.constant("cancel" as const), cancels: fc.boolean() }),
  fc.record({
    kind: fc.constant("change" as const),
    plan: fc.constantFrom("basic", "plus", "ultra"),
    interval: fc.constantFrom("monthly" as const, "yearly" as const),
    payment: fc.constantFrom("pending_if_incomplete" as const, "allow_incomplete" as const),
  }),
);

function live(moves: readonly Move[], trialDays: number | null, mode = FLEXIBLE) {
  let world: World = newWorld("test", "http://localhost");
  let now = START;
  const events: Emitted[] = [];
  const act = (step: (turn: StripeTurn) => void) => {
    const brought = catchUp(playedStripe, world, now);
    const taken = take(brought.world, now, step);
    world = taken.world;
    events.push(...brought.events, ...taken.events);
  };
  act((turn) => void paySession(turn, open(turn, trialDays, mode), payment("4242")));
  for (const each of moves) {
    if (each.kind === "wait") now += each.days * DAY + 1_000;
    act((turn) => {
      const [subscription] = turn.world.subscriptions;
      if (subscription === undefined || !isLive(subscription)) return;
      if (each.kind === "card") changeCard(turn, payment(each.card));
      if (each.kind === "cancel") cancelAtPeriodEnd(turn, subscription, each.cancels);
      if (each.kind === "change") {
        const items = [{ ...subscription.items[0], id: "si", price: writer(each.plan, each.interval) }];
        const at = seconds(turn);
        changeItems(turn, subscription, {
          items,
          behavior: "always_invoice",
          payment: each.payment,
          at,
          // A flexible subscription begins a new cycle only if the request says so.
          restart: isFlexible(subscription) && intervalOf(items) !== intervalOf(subscription.items),
        });
      }
    });
  }
  return { world, events: events.map(({ raw, ...head }) => ({ ...head, body: JSON.parse(raw) })) };
}

const lives = [
  fc.array(move, { maxLength: 14 }),
  fc.option(fc.integer({ min: 1, max: 40 })),
  fc.constantFrom(CLASSIC, FLEXIBLE),
] as const;

describe("any life of a subscription", () => {
  test("tells its events in the order of time, with ids of their own", () => {
    fc.assert(
      fc.property(...lives, (moves, trial, mode) => {
        const { events } = live(moves, trial, mode);
        expect(events.map(({ at }) => at)).toEqual(events.map(({ at }) => at).toSorted((one, other) => one - other));
        expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
      }),
    );
  });

  test("tells what changed: each update, undone by what it says was before, is what was told before", () => {
    fc.assert(
      fc.property(...lives, (moves, trial, mode) => {
        const known = new Map<string, unknown>();
        for (const { type, body } of live(moves, trial, mode).events) {
          const { object, previous_attributes: previous } = body.data;
          const before = known.get(object.id);
          if (type === "customer.subscription.updated" && isPlainObject(before)) {
            expect(objectBefore(object, previous)).toEqual(before);
          }
          if (type.startsWith("customer.subscription.")) known.set(object.id, object);
        }
      }),
    );
  });

  test("is understood by the normalizer, event by event", () => {
    fc.assert(
      fc.property(...lives, (moves, trial, mode) => {
        for (const { type, body } of live(moves, trial, mode).events) {
          const { outcome } = normalized(body);
          expect(["facts", "ignored"], type).toContain(outcome);
        }
      }),
    );
    expect(find("price_writer_plus_monthly")).toBeDefined();
  });

  test("charges for every period once, and the invoices add up to the balance", () => {
    fc.assert(
      fc.property(...lives, (moves, trial, mode) => {
        const { world } = live(moves, trial, mode);
        const periods = world.invoices
          .filter(({ billingReason }) => billingReason === "subscription_cycle")
          .map(({ lines }) => lines.at(-1)?.periodStart);
        expect(new Set(periods).size).toBe(periods.length);
        expect(world.customer.balance).toBeLessThanOrEqual(0);
        const numbers = world.invoices.flatMap(({ number }) => (number ? [number] : []));
        expect(new Set(numbers).size).toBe(numbers.length);
      }),
    );
  });

  test("gives back no more than was billed, if the subscription is flexible", () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 14 }), (moves) => {
        const { world } = live(moves, null);
        const lines = world.invoices.filter(({ status }) => status !== "void").flatMap((invoice) => invoice.lines);
        for (const { credits, amount } of lines) {
          if (!credits) continue;
          const billed = lines.find(({ id }) => id === credits.line);
          expect(billed?.amount).toBeGreaterThanOrEqual(-amount);
          expect(lines.filter((line) => line.credits?.line === credits.line)).toHaveLength(1);
        }
        for (const subscription of world.subscriptions) {
          for (const item of subscription.items) {
            expect(debitsOf(world, subscription)(item, subscription.periodStart).length).toBeLessThanOrEqual(1);
          }
        }
      }),
    );
  });

  test("never makes anything due in the past, once time is brought up", () => {
    fc.assert(
      fc.property(...lives, (moves, trial, mode) => {
        const { world, events } = live(moves, trial, mode);
        const due = playedStripe.nextDue(world);
        if (due !== null) expect(due).toBeGreaterThanOrEqual(events.at(-1)?.at ?? 0);
      }),
    );
  });
});

test("anchored at January 31, periods end on the month's last day and come back to the 31st", () => {
  const { world } = live([{ kind: "wait", days: 190 }], null);
  const starts = world.invoices
    .filter(({ billingReason }) => billingReason === "subscription_cycle")
    .map(({ lines }) => new Date((lines[0]?.periodStart ?? 0) * 1000).toISOString().slice(5, 10));
  expect(starts).toEqual(["02-28", "03-31", "04-30", "05-31", "06-30", "07-31"]);
});

test("a renewal that fails: announced at once, charged after an hour, tried after 3, 5 and 7 days, then over", () => {
  const paid = { ...payment("0341") };
  const begun = take(
    newWorld("test", "http://localhost"),
    START,
    (turn) => void paySession(turn, open(turn, null), paid),
  );
  const { events } = catchUp(playedStripe, begun.world, START + 60 * DAY);
  const renewal = Date.UTC(2027, 1, 28, 12);
  const charged = renewal + 3_600_000;
  const instants = [...new Set(events.map(({ at }) => at))];
  const told = instants.map((at) => [at, events.filter((event) => event.at === at).map(({ type }) => type)]);
  const failure = ["invoice.updated", "invoice.payment_failed"];
  expect(told).toEqual([
    [renewal, ["customer.subscription.updated", "invoice.created"]],
    [charged, ["invoice.finalized", ...failure, "customer.subscription.updated"]],
    [charged + 3 * DAY, failure],
    [charged + (3 + 5) * DAY, failure],
    [charged + (3 + 5 + 7) * DAY, [...failure, "customer.subscription.deleted"]],
  ]);
});
