/** Properties of random histories of a subscription, without a database: order, events and amounts. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "@/lib/billing/timeline/calendar";
import type { Price } from "@/lib/config/catalog";
import { normalized } from "@/tests/support/normalized-paddle";
import type { CardNumber } from "../cards";
import { planPrice } from "../event-builders/paddle/events";
import { catchUp } from "../fake-processor";
import { type EmittedEvent, runStep } from "../step";
import { type AccountState, newAccountState, type PaddleStep } from "./account-state";
import { changeCard, type Payment, pay } from "./checkout";
import { fakePaddle } from "./fake-paddle";
import { transactionOf } from "./objects";
import { previewOf } from "./preview";
import { PaddleProblem } from "./problem";
import { BILLING_MODES, type BillingMode, periodLines, sumOf } from "./proration";
import { cancelScheduledChange, planned, resume, stop, update } from "./subscriptions";
import { dueOf, make } from "./transactions";

const START = Date.UTC(2027, 0, 31, 12);
const mail = (plan: string, interval: Price["interval"] = "monthly") => planPrice({ product: "mail", plan, interval });
const payment = (card: CardNumber): Payment => ({ card, email: null, name: null, confirmed: true });

type Terms = Pick<Payment, "country" | "code">;

function buy(step: PaddleStep, card: CardNumber, terms: Terms = {}): void {
  const lines = periodLines([{ price: mail("silver") }], null);
  const draft = { origin: "api", status: "draft", subscription: null, lines, period: null } as const;
  pay(step, make(step, draft), { ...payment(card), ...terms });
}

const terms = fc.record<Terms>({
  country: fc.constantFrom("US" as const, "GB" as const, "DE" as const),
  code: fc.constantFrom(null, "SPRING20", "FIVEOFF", "HALF3", "SEAT1"),
});

type Move =
  | { kind: "wait"; days: number }
  | { kind: "card"; card: CardNumber }
  | { kind: "cancel" | "pause"; immediately: boolean }
  | { kind: "unschedule" | "resume" }
  | { kind: "change"; plan: string; interval: Price["interval"]; mode: BillingMode; onFailure: OnFailure };
type OnFailure = "prevent_change" | "apply_change";

const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("wait" as const), days: fc.integer({ min: 0, max: 45 }) }) },
  fc.record({ kind: fc.constant("card" as const), card: fc.constantFrom<CardNumber>("4242", "0341", "3155") }),
  fc.record({ kind: fc.constantFrom("cancel" as const, "pause" as const), immediately: fc.boolean() }),
  fc.record({ kind: fc.constantFrom("unschedule" as const, "resume" as const) }),
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("change" as const),
      plan: fc.constantFrom("bronze", "silver", "titanium"),
      interval: fc.constantFrom("monthly" as const, "yearly" as const),
      mode: fc.constantFrom(...BILLING_MODES),
      onFailure: fc.constantFrom("prevent_change" as const, "apply_change" as const),
    }),
  },
);
const moves = fc.array(move, { maxLength: 14 });

function simulate(each: readonly Move[], bought: Terms = {}) {
  let state: AccountState = newAccountState("0123456789abcdef", "http://localhost");
  let now = START;
  const events: EmittedEvent[] = [];
  const run = (step: (step: PaddleStep) => void) => {
    const caughtUp = catchUp(fakePaddle, state, now);
    events.push(...caughtUp.events);
    state = caughtUp.state;
    try {
      const after = runStep(state, now, step);
      state = after.state;
      events.push(...after.events);
    } catch (error) {
      if (!(error instanceof PaddleProblem)) throw error;
    }
  };
  run((step) => buy(step, "4242", bought));
  for (const next of each) {
    if (next.kind === "wait") now += next.days * DAY_MS + 1_000;
    run((step) => runMove(step, next));
  }
  return { state, now, events: events.map(({ raw, ...head }) => ({ ...head, body: JSON.parse(raw) })) };
}

/** The values of one key together, in their order. */
function together<T, K>(list: readonly T[], key: (each: T) => K): [K, T[]][] {
  const groups = new Map<K, T[]>();
  for (const each of list) groups.set(key(each), [...(groups.get(key(each)) ?? []), each]);
  return [...groups];
}

function runMove(step: PaddleStep, next: Move): void {
  const [subscription] = step.state.subscriptions;
  if (subscription === undefined || next.kind === "wait") return;
  if (next.kind === "card") changeCard(step, subscription, payment(next.card));
  else if (next.kind === "unschedule") cancelScheduledChange(step, subscription);
  else if (next.kind === "resume") resume(step, subscription);
  else if (next.kind === "change") update(step, subscription, [{ price: mail(next.plan, next.interval) }], next);
  else if (next.kind === "cancel" || next.kind === "pause") stop(step, subscription, next.kind, next);
}

describe("any history of a subscription", () => {
  test("emits its events in the order of time, with unique ids like Paddle's", () => {
    fc.assert(
      fc.property(moves, (each) => {
        const { events } = simulate(each);
        expect(events.map(({ at }) => at)).toEqual(events.map(({ at }) => at).toSorted((one, other) => one - other));
        expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
        for (const { id, body } of events) {
          expect(id).toMatch(/^evt_[a-z\d]{26}$/);
          expect(body.data.id).toMatch(/^[a-z]{3,6}_[a-z\d]{26}$/);
        }
      }),
    );
  });

  test("gives each state of the subscription its own `updated_at`", () => {
    fc.assert(
      fc.property(moves, (each) => {
        const states = simulate(each).events.filter(({ type }) => type.startsWith("subscription."));
        for (const [, same] of together(states, ({ body }) => body.data.updated_at)) {
          const [first, ...others] = same.map(({ body: { data } }) => ({ ...data, transaction_id: null }));
          for (const other of others) expect(other).toEqual(first);
        }
        const clock = states.map(({ body }) => body.data.updated_at);
        expect(clock).toEqual(clock.toSorted());
      }),
    );
  });

  test("is read by the normalizer, event by event", () => {
    fc.assert(
      fc.property(moves, (each) => {
        for (const { type, body } of simulate(each).events) {
          const result = normalized(body);
          expect(["facts", "ignored"], `${type} ${JSON.stringify(result)}`).toContain(result.outcome);
        }
      }),
    );
  });

  test("charges each period once, captures the due amounts, and creates no credit without a payment", () => {
    fc.assert(
      fc.property(moves, terms, (each, bought) => {
        const { state, events } = simulate(each, bought);
        const recurring = state.transactions.filter(({ origin }) => origin === "subscription_recurring");
        for (const [start, same] of together(recurring, ({ period }) => period?.start)) {
          // Each resume begins a period, also two at one instant.
          const resumes = events.filter(({ type, at }) => type === "subscription.resumed" && at === start).length;
          expect(same.length).toBeLessThanOrEqual(Math.max(1, resumes));
        }
        const granted = state.transactions.reduce((sum, { creditToBalance }) => sum + creditToBalance, 0);
        const used = state.transactions.reduce((sum, { credit }) => sum + credit, 0);
        expect(state.customer.balance).toBe(granted - used);
        expect(state.customer.balance).toBeGreaterThanOrEqual(0);
        for (const transaction of state.transactions) {
          const captured = transaction.payments.filter((attempt) => attempt.captured);
          const due = dueOf(transaction);
          const paid = transaction.status === "completed";
          expect(captured.map(({ amount }) => amount)).toEqual(paid && due > 0 ? [due] : []);
          expect(due).toBe(Math.max(0, sumOf(transaction.lines) - transaction.credit));
        }
        const numbers = state.transactions.flatMap(({ invoiceNumber }) => (invoiceNumber ? [invoiceNumber] : []));
        expect(new Set(numbers).size).toBe(numbers.length);
      }),
    );
  });

  test("has no action due in the past after catching up", () => {
    fc.assert(
      fc.property(moves, (each) => {
        const { state, now } = simulate(each);
        const due = fakePaddle.nextDue(catchUp(fakePaddle, state, now).state);
        if (due !== null) expect(due).toBeGreaterThan(now);
      }),
    );
  });

  test("charges a change as previewed", () => {
    fc.assert(
      fc.property(moves, terms, fc.constantFrom("bronze", "titanium"), fc.boolean(), (each, bought, plan, yearly) => {
        const { state, now } = simulate(each, bought);
        const ready = catchUp(fakePaddle, state, now).state;
        const items = [{ price: mail(plan, yearly ? "yearly" : "monthly") }];
        try {
          runStep(ready, now, (step) => {
            const [subscription] = step.state.subscriptions;
            if (subscription === undefined) return;
            const change = planned(step, subscription, items, "prorated_immediately");
            const preview = previewOf(step, subscription, items, change);
            update(step, subscription, items, { mode: "prorated_immediately", onFailure: "apply_change" });
            const last = step.state.transactions.at(-1);
            if (preview.immediate_transaction && last) {
              const { totals } = transactionOf(step.state, last).details;
              const { fee, earnings, balance, ...shown } = preview.immediate_transaction.details.totals;
              expect(totals).toMatchObject(shown);
            }
            expect(preview.current_billing_period?.ends_at).toBeDefined();
          });
        } catch (error) {
          if (!(error instanceof PaddleProblem)) throw error;
        }
      }),
    );
  });
});

const recurringStarts = (state: AccountState) =>
  state.transactions
    .filter(({ origin }) => origin === "subscription_recurring")
    .map(({ period }) => new Date(period?.start ?? 0).toISOString().slice(5, 10));

test("periods anchored at January 31 end on the last day of a short month, and on the 31st of a long one", () => {
  const { state } = simulate([{ kind: "wait", days: 190 }]);
  expect(recurringStarts(state)).toEqual(["02-28", "03-31", "04-30", "05-31", "06-30", "07-31"]);
});

test("a failing renewal begins at once, is charged a minute later, is retried for 27 days, and ends the subscription", () => {
  const begun = runStep(newAccountState("0123456789abcdef", "http://localhost"), START, (step) => buy(step, "0341"));
  const { events } = catchUp(fakePaddle, begun.state, START + 60 * DAY_MS);
  const renewal = Date.UTC(2027, 1, 28, 12);
  const charged = renewal + MINUTE_MS;
  const emitted = together(events, ({ at }) => at).map(([at, same]) => [at, same.map(({ type }) => type)]);
  const failed = "transaction.payment_failed";
  const due = ["transaction.updated", "transaction.past_due", "subscription.updated", "subscription.past_due"];
  expect(emitted).toEqual([
    [renewal, ["subscription.updated", "transaction.created", "transaction.billed"]],
    [charged, [failed, ...due]],
    ...[1, 4, 9, 16].map((days) => [charged + days * DAY_MS, [failed]]),
    [charged + 27 * DAY_MS, [failed, "subscription.updated", "subscription.canceled"]],
  ]);
  expect(charged + 27 * DAY_MS).toBeLessThan(Date.UTC(2027, 2, 28, 12) + HOUR_MS);
});

test("after a late payment the next period begins at its regular date", () => {
  const begun = runStep(newAccountState("0123456789abcdef", "http://localhost"), START, (step) => buy(step, "0341"));
  const at = START + 28 * DAY_MS + 20 * DAY_MS;
  const owing = catchUp(fakePaddle, begun.state, at);
  const paid = runStep(owing.state, at, (step) => {
    const [subscription] = step.state.subscriptions;
    if (subscription) changeCard(step, subscription, payment("4242"));
  });
  expect(paid.events.map(({ type }) => type)).toContain("subscription.updated");
  const { state } = catchUp(fakePaddle, paid.state, at + 60 * DAY_MS);
  expect(recurringStarts(state)).toEqual(["02-28", "03-31", "04-30"]);
});
