/**
 * Random facts of one user and product, for properties of the fold: two processors, facts within one second, late and
 * missing facts, plan changes for the period's end, discounts and moves.
 */
import fc from "fast-check";
import { DAY_MS, HOUR_MS, SECOND_MS } from "@/lib/billing/timeline/calendar";
import type { Fact, Instant, PaymentFact, SnapshotFact, SubscriptionState } from "@/lib/billing/types";
import { ACTIONS } from "./billing-simulator/actions";
import { BillingSimulator } from "./billing-simulator/simulator";
import { day, subscriptionState } from "./fact-builders";

/** Most actions let time pass, so that a history has several periods. */
const anyAction = fc.oneof(
  { weight: 2, arbitrary: fc.constant("toPeriodEnd" as const) },
  { weight: 3, arbitrary: fc.constantFrom(...ACTIONS) },
);

const simulated = fc.array(anyAction, { minLength: 4, maxLength: 24 }).map((actions): Fact[] => {
  const simulator = new BillingSimulator();
  for (const action of actions) simulator.apply(action);
  return [...simulator.facts];
});

/** The same facts as those of Paddle's subscriptions, some days later: Paddle sends no previous states. */
function asPaddle(facts: readonly Fact[], later: number): Fact[] {
  const moved = (at: Instant | null) => (at === null ? null : at + later);
  const shift = (state: SubscriptionState): SubscriptionState => ({
    ...state,
    periodStart: moved(state.periodStart),
    periodEnd: moved(state.periodEnd),
  });
  return facts.map((fact) => {
    const origin = { processor: "paddle" as const, id: `paddle:${fact.id}`, at: fact.at + later };
    if (fact.kind === "snapshot") return { ...fact, ...origin, state: shift(fact.state), previous: null };
    if (fact.kind !== "payment") return { ...fact, ...origin };
    return { ...fact, ...origin, periodStart: moved(fact.periodStart), periodEnd: moved(fact.periodEnd) };
  });
}

/** A change of a history: its position, and what happens there. */
const disturbance = fc.record({
  index: fc.nat(200),
  kind: fc.constantFrom("missing", "late", "sameSecond", "discount", "noDiscount", "schedule", "in", "out", "disputed"),
});

function disturbed(facts: readonly Fact[], { index, kind }: { index: number; kind: string }, count: number): Fact[] {
  const fact = facts[index % facts.length];
  if (fact === undefined) return [...facts];
  const rest = facts.filter((other) => other !== fact);
  const { processor, subscription, at } = fact;
  const origin = { processor, subscription, at: at + SECOND_MS, id: `${kind}:${count}` };
  if (kind === "missing") return rest;
  if (kind === "late") return [...rest, { ...fact, at: at + 3 * DAY_MS }];
  if (kind === "sameSecond") return [...rest, { ...fact, at: facts[(index + 1) % facts.length]?.at ?? at }];
  if (kind === "disputed") return [...rest, { ...fact, ownerDisputed: true }];
  if (kind === "in" || kind === "out") return [...facts, { kind: "transfer", ...origin, direction: kind }];
  if (kind === "schedule") return [...facts, { kind, ...origin, plan: index % 3 ? "low" : null, interval: "monthly" }];
  const discount = { key: `di_${index % 2}`, terms: null, ...(index % 3 && { endsAt: at }) };
  return [...facts, { kind: "discount", ...origin, change: kind === "discount" ? "set" : "ended", discount }];
}

/** The facts of simulated subscriptions of both processors, with disturbances. */
export const realisticFacts: fc.Arbitrary<Fact[]> = fc
  .record({
    stripe: simulated,
    paddle: fc.option(simulated, { freq: 2 }),
    laterDays: fc.integer({ min: -40, max: 400 }),
    disturbances: fc.array(disturbance, { maxLength: 4 }),
  })
  .map(({ stripe, paddle, laterDays, disturbances }) =>
    disturbances.reduce(disturbed, [...stripe, ...(paddle ? asPaddle(paddle, laterDays * DAY_MS + HOUR_MS) : [])]),
  );

/** Few instants, so that many of them are equal: a half day is a second before the day. */
const anyInstant = fc
  .integer({ min: 0, max: 80 })
  .map((half) => (half % 2 ? day(((half + 1) / 2) * 5) - SECOND_MS : day((half / 2) * 5)));

/** A period that mostly begins near the fact. */
const anyPeriod = (at: Instant) =>
  fc
    .record({
      start: fc.oneof(
        { weight: 5, arbitrary: fc.constantFrom(0, 0, 0, -5, -10, 5).map((days) => at + days * DAY_MS) },
        { weight: 1, arbitrary: anyInstant },
      ),
      days: fc.constantFrom(5, 15, 30, 365),
    })
    .map(({ start, days }) => ({ periodStart: start, periodEnd: start + days * DAY_MS }));

const plan = fc.constantFrom("low", "high");
const interval = fc.constantFrom("monthly" as const, "yearly" as const);
const itemOf = (id: string) => ({ id, product: `prod_${id}`, price: null });
const anyItem = fc.constantFrom("a", "b", "c").map(itemOf);

const anyState = (at: Instant): fc.Arbitrary<SubscriptionState> =>
  fc
    .record(
      {
        plan,
        interval,
        period: fc.option(anyPeriod(at), { freq: 6 }),
        status: fc.constantFrom(
          "active",
          "active",
          "active",
          "trialing",
          "past_due",
          "incomplete",
          "paused",
          "canceled",
        ),
        quantity: fc.constantFrom(1, 1, 2),
        collectionPaused: fc.constantFrom(false, false, false, true),
        selfStarted: fc.boolean(),
        sentInvoice: fc.boolean(),
        collectionWaived: fc.boolean(),
        twoPlanItems: fc.boolean(),
        item: fc.option(anyItem),
      },
      { requiredKeys: ["plan", "interval", "period", "status", "quantity", "collectionPaused"] },
    )
    .map(({ period, ...state }) =>
      subscriptionState({ ...state, ...(period ?? { periodStart: null, periodEnd: null }) }),
    );

const withoutItem = { plan: null, interval: null, quantity: 1, periodStart: null, periodEnd: null, item: null };

interface Origin {
  processor: "stripe" | "paddle";
  subscription: string;
  at: Instant;
}

const anySnapshot = (origin: Origin): fc.Arbitrary<Omit<SnapshotFact, "id">> =>
  fc
    .record({
      changeType: fc.constantFrom("created", "updated", "updated", "updated", "deleted"),
      state: anyState(origin.at),
      previous: fc.option(anyState(origin.at)),
      absent: fc.nat(5),
      unlisted: fc.subarray(["a", "b", "c"]),
    })
    .map(({ changeType, state, previous, absent, unlisted }) => {
      const { interval: every, quantity, periodStart, periodEnd } = state;
      const items = unlisted.map((id) => ({ ...itemOf(id), interval: every, quantity, periodStart, periodEnd }));
      const shown = absent === 0 ? { ...state, ...withoutItem } : state;
      const list = { complete: absent < 4, plans: absent === 0 ? 0 : 1, unlisted: absent < 3 ? items : [] };
      return { kind: "snapshot", ...origin, changeType, state: shown, previous, ...(absent < 5 && { list }) };
    });

const anyPayment = (origin: Origin): fc.Arbitrary<Omit<PaymentFact, "id">> =>
  fc
    .record({
      outcome: fc.constantFrom("paid", "paid", "failed"),
      purpose: fc.constantFrom("period", "period", "period", "change", "proration", "other", "not_due"),
      period: fc.option(anyPeriod(origin.at), { freq: 6 }),
      plan: fc.option(plan, { freq: 4 }),
      interval: fc.option(interval),
      paidInFull: fc.boolean(),
      line: fc.option(fc.record({ item: anyItem, period: anyPeriod(origin.at) })),
      truncated: fc.option(anyPeriod(origin.at), { freq: 2 }),
    })
    .map(({ period, line, truncated, ...payment }) => ({
      kind: "payment",
      ...origin,
      ...payment,
      ...(period ?? { periodStart: null, periodEnd: null }),
      ...(line && payment.plan === null && { unlisted: [{ ...line.item, purpose: payment.purpose, ...line.period }] }),
      ...(truncated && payment.plan === null && { truncated }),
    }));

const anySchedule = (origin: Origin): fc.Arbitrary<Omit<Extract<Fact, { kind: "schedule" }>, "id">> =>
  fc.record({ plan: fc.option(plan), interval }).map((scheduled) => ({ kind: "schedule", ...origin, ...scheduled }));

/** Facts that no processor sends in this order, so that all steps of the fold meet. */
export const arbitraryFacts: fc.Arbitrary<Fact[]> = fc
  .array(
    fc
      .record({
        processor: fc.constantFrom("stripe", "paddle"),
        subscription: fc.constantFrom("sub_a", "sub_a", "sub_b", "sub_c"),
        at: anyInstant,
      })
      .chain((origin) =>
        fc.oneof(
          { weight: 5, arbitrary: anySnapshot(origin) },
          { weight: 4, arbitrary: anyPayment(origin) },
          { weight: 1, arbitrary: anySchedule(origin) },
        ),
      ),
    { minLength: 2, maxLength: 16 },
  )
  .map((facts) => facts.map((fact, index): Fact => ({ ...fact, id: `evt_${String(index).padStart(2, "0")}` })));
