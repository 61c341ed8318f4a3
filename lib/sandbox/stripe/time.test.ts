/** Properties of random histories of a subscription, without a database: order, events and amounts. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Price } from "@/lib/config/catalog";
import { priceLists } from "@/lib/config/current-catalog";
import { isPlainObject } from "@/lib/processors/envelope";
import { objectBefore } from "@/lib/processors/stripe/before";
import { normalized } from "@/tests/support/normalized-stripe";
import { planPrice } from "../event-builders/stripe/events";
import { catchUp } from "../fake-processor";
import { type EmittedEvent, runStep } from "../step";
import {
  type AccountState,
  type BillingMode,
  isFlexible,
  isLive,
  newAccountState,
  nextId,
  type Session,
  type StripeStep,
  seconds,
} from "./account-state";
import { cancelAtPeriodEnd } from "./cancel";
import { changeCard, paySession } from "./checkout";
import { debitsOf } from "./debits";
import { fakeStripe } from "./fake-stripe";
import { type MethodNumber, STRIPE_METHODS } from "./methods";
import { intervalOf } from "./proration";
import { changeItems } from "./subscriptions";

const { find } = priceLists("stripe", {}, { sandbox: true });
const START = Date.UTC(2027, 0, 31, 12);
const DAY_MS = 86_400_000;
const mail = (plan: string, interval: Price["interval"] = "monthly") => planPrice({ product: "mail", plan, interval });

const CLASSIC: BillingMode = { type: "classic" };
const FLEXIBLE: BillingMode = { type: "flexible", prorationDiscounts: "included" };

function open(step: StripeStep, trialDays: number | null, billingMode = FLEXIBLE): Session {
  const session: Session = {
    id: nextId(step.state, "cs_test"),
    created: seconds(step),
    expiresAt: seconds(step) + 86_400,
    status: "open",
    items: [{ price: mail("silver"), quantity: 1 }],
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
  step.state.sessions.push(session);
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
    plan: fc.constantFrom("bronze", "silver", "titanium"),
    interval: fc.constantFrom("monthly" as const, "yearly" as const),
    payment: fc.constantFrom("pending_if_incomplete" as const, "allow_incomplete" as const),
  }),
);

function simulate(moves: readonly Move[], trialDays: number | null, mode = FLEXIBLE) {
  let state: AccountState = newAccountState("test", "http://localhost");
  let now = START;
  const events: EmittedEvent[] = [];
  const run = (step: (step: StripeStep) => void) => {
    const caughtUp = catchUp(fakeStripe, state, now);
    const after = runStep(caughtUp.state, now, step);
    state = after.state;
    events.push(...caughtUp.events, ...after.events);
  };
  run((step) => void paySession(step, open(step, trialDays, mode), payment("4242")));
  for (const each of moves) {
    if (each.kind === "wait") now += each.days * DAY_MS + 1_000;
    run((step) => {
      const [subscription] = step.state.subscriptions;
      if (subscription === undefined || !isLive(subscription)) return;
      if (each.kind === "card") changeCard(step, payment(each.card));
      if (each.kind === "cancel") cancelAtPeriodEnd(step, subscription, each.cancels);
      if (each.kind === "change") {
        const items = [{ ...subscription.items[0], id: "si", price: mail(each.plan, each.interval) }];
        const at = seconds(step);
        changeItems(step, subscription, {
          items,
          behavior: "always_invoice",
          payment: each.payment,
          at,
          // A flexible subscription begins a new cycle only on request.
          restart: isFlexible(subscription) && intervalOf(items) !== intervalOf(subscription.items),
        });
      }
    });
  }
  return { state, events: events.map(({ raw, ...head }) => ({ ...head, body: JSON.parse(raw) })) };
}

const histories = [
  fc.array(move, { maxLength: 14 }),
  fc.option(fc.integer({ min: 1, max: 40 })),
  fc.constantFrom(CLASSIC, FLEXIBLE),
] as const;

describe("any history of a subscription", () => {
  test("emits its events in the order of time, with unique ids", () => {
    fc.assert(
      fc.property(...histories, (moves, trial, mode) => {
        const { events } = simulate(moves, trial, mode);
        expect(events.map(({ at }) => at)).toEqual(events.map(({ at }) => at).toSorted((one, other) => one - other));
        expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
      }),
    );
  });

  test("names all changes: an update, undone by its previous attributes, equals the object before", () => {
    fc.assert(
      fc.property(...histories, (moves, trial, mode) => {
        const known = new Map<string, unknown>();
        for (const { type, body } of simulate(moves, trial, mode).events) {
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

  test("is read by the normalizer, event by event", () => {
    fc.assert(
      fc.property(...histories, (moves, trial, mode) => {
        for (const { type, body } of simulate(moves, trial, mode).events) {
          const { outcome } = normalized(body);
          expect(["facts", "ignored"], type).toContain(outcome);
        }
      }),
    );
    expect(find("price_mail_silver_monthly")).toBeDefined();
  });

  test("charges each period once, and the invoices add up to the balance", () => {
    fc.assert(
      fc.property(...histories, (moves, trial, mode) => {
        const { state } = simulate(moves, trial, mode);
        const periods = state.invoices
          .filter(({ billingReason }) => billingReason === "subscription_cycle")
          .map(({ lines }) => lines.at(-1)?.periodStart);
        expect(new Set(periods).size).toBe(periods.length);
        expect(state.customer.balance).toBeLessThanOrEqual(0);
        const numbers = state.invoices.flatMap(({ number }) => (number ? [number] : []));
        expect(new Set(numbers).size).toBe(numbers.length);
      }),
    );
  });

  test("credits at most the billed amounts if the subscription is flexible", () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 14 }), (moves) => {
        const { state } = simulate(moves, null);
        const lines = state.invoices.filter(({ status }) => status !== "void").flatMap((invoice) => invoice.lines);
        for (const { credits, amount } of lines) {
          if (!credits) continue;
          const billed = lines.find(({ id }) => id === credits.line);
          expect(billed?.amount).toBeGreaterThanOrEqual(-amount);
          expect(lines.filter((line) => line.credits?.line === credits.line)).toHaveLength(1);
        }
        for (const subscription of state.subscriptions) {
          for (const item of subscription.items) {
            expect(debitsOf(state, subscription)(item, subscription.periodStart).length).toBeLessThanOrEqual(1);
          }
        }
      }),
    );
  });

  test("has no action due in the past after catching up", () => {
    fc.assert(
      fc.property(...histories, (moves, trial, mode) => {
        const { state, events } = simulate(moves, trial, mode);
        const due = fakeStripe.nextDue(state);
        if (due !== null) expect(due).toBeGreaterThanOrEqual(events.at(-1)?.at ?? 0);
      }),
    );
  });
});

test("periods anchored at January 31 end on the last day of a short month, and on the 31st of a long one", () => {
  const { state } = simulate([{ kind: "wait", days: 190 }], null);
  const starts = state.invoices
    .filter(({ billingReason }) => billingReason === "subscription_cycle")
    .map(({ lines }) => new Date((lines[0]?.periodStart ?? 0) * 1000).toISOString().slice(5, 10));
  expect(starts).toEqual(["02-28", "03-31", "04-30", "05-31", "06-30", "07-31"]);
});

test("a failing renewal begins at once, is charged after an hour, is retried after 3, 5 and 7 days, and ends the subscription", () => {
  const paid = { ...payment("0341") };
  const begun = runStep(
    newAccountState("test", "http://localhost"),
    START,
    (step) => void paySession(step, open(step, null), paid),
  );
  const { events } = catchUp(fakeStripe, begun.state, START + 60 * DAY_MS);
  const renewal = Date.UTC(2027, 1, 28, 12);
  const charged = renewal + 3_600_000;
  const instants = [...new Set(events.map(({ at }) => at))];
  const emitted = instants.map((at) => [at, events.filter((event) => event.at === at).map(({ type }) => type)]);
  const failure = ["invoice.updated", "invoice.payment_failed"];
  expect(emitted).toEqual([
    [renewal, ["customer.subscription.updated", "invoice.created"]],
    [charged, ["invoice.finalized", ...failure, "customer.subscription.updated"]],
    [charged + 3 * DAY_MS, failure],
    [charged + (3 + 5) * DAY_MS, failure],
    [charged + (3 + 5 + 7) * DAY_MS, [...failure, "customer.subscription.deleted"]],
  ]);
});
