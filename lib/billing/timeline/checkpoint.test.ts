/** Checkpoints of common histories: they exist, stay small, and later facts continue from them. */
import { describe, expect, test } from "vitest";
import { TEST_PRODUCT } from "@/tests/support/billing-simulator/product";
import { day, days, factBuilder, subscriptionState } from "@/tests/support/fact-builders";
import { type Checkpoint, checkpointSchema } from "../schemas/checkpoint";
import type { Fact, Instant, SubscriptionState } from "../types";
import { fold } from "./build-timeline";
import { checkpointAt, checkpointOf } from "./checkpoint";
import { resume, timelineFrom } from "./resume";

const FREE_ANCHOR = day(-12);
/** An invoice is paid an hour after the renewal. */
const HOUR = 1 / 24;
const YEAR = { interval: "yearly" } as const;

type Builder = ReturnType<typeof factBuilder>;
type Months = { from: number; to: number; changes?: Partial<SubscriptionState> };

const known = (facts: readonly Fact[], others: readonly Fact[] = []) => ({ facts, others, freeAnchor: FREE_ANCHOR });

/** Renewals of thirty days each, with an update and a payment, from one month to another. */
function renewals(a: Builder, { from, to, changes = {} }: Months): Fact[] {
  return Array.from({ length: to - from }, (_, index) => {
    const start = (from + index) * 30;
    const state = { ...changes, ...days(start, start + 30) };
    const previous = { previous: subscriptionState({ ...changes, ...days(start - 30, start) }) };
    const { plan = "low" } = subscriptionState(changes);
    return [
      a.snapshot(start, state, from + index === 0 ? { changeType: "created" } : previous),
      a.pay(start + HOUR, start, start + 30, { plan }),
      a.snapshot(start + 2 * HOUR, state),
    ];
  }).flat();
}

/** The checkpoint of the facts, as the database returns it. */
function checkpointOn(facts: readonly Fact[], now: number, earlier: Checkpoint | null = null): Checkpoint {
  const checkpoint = checkpointOf(TEST_PRODUCT, known(facts), day(now), earlier);
  return checkpointSchema.parse(JSON.parse(JSON.stringify(checkpoint)));
}

const since = (facts: readonly Fact[], cut: Instant) => facts.filter(({ at }) => at >= cut);

/** Delivers the facts one after another: each time the later facts give the part of the whole timeline. */
function expectResumed(checkpoint: Checkpoint, before: readonly Fact[], delivered: readonly Fact[]): void {
  for (let count = 0; count <= delivered.length; count++) {
    const all = [...before, ...delivered.slice(0, count)];
    const later = since(all, checkpoint.cut);
    const resumed = resume(TEST_PRODUCT, checkpoint, known(later));
    expect(resumed).toEqual(timelineFrom(fold(TEST_PRODUCT, all, FREE_ANCHOR), checkpoint.cut, later));
  }
}

/** What happens in month 24, and the renewals after it. */
const HISTORIES: Record<string, (a: Builder) => { facts: Fact[]; after?: Partial<SubscriptionState> | null }> = {
  "renewals only": () => ({ facts: [] }),
  "an upgrade with its difference": (a) => ({
    facts: [
      a.snapshot(725, { ...days(720, 750), plan: "high" }),
      a.pay(725 + HOUR, 725, 750, { purpose: "proration", plan: "high", paidInFull: false }),
    ],
    after: { plan: "high" },
  }),
  "an upgrade whose charge fails and succeeds later": (a) => ({
    facts: [
      a.snapshot(725, { ...days(720, 750), plan: "high" }),
      a.fail(725 + HOUR, { ...days(725, 750), purpose: "proration", plan: "high" }),
      a.pay(727, 725, 750, { purpose: "proration", plan: "high", paidInFull: false }),
    ],
    after: { plan: "high" },
  }),
  "a downgrade at the period's end": (a) => ({
    facts: [
      a.snapshot(725, { ...days(720, 750), plan: "high" }),
      { kind: "schedule", ...origin(a, 726), plan: "low", interval: "monthly" },
      a.snapshot(749.9, days(720, 750)),
    ],
  }),
  "changes of the quantity": (a) => ({
    facts: [3, 4, 1].map((quantity, index) => a.snapshot(722 + index, { ...days(720, 750), quantity })),
  }),
  "a failed renewal with recovery": (a) => ({
    facts: [
      a.snapshot(750, days(750, 780)),
      a.fail(750 + HOUR, days(750, 780)),
      a.snapshot(750 + HOUR, { ...days(750, 780), status: "past_due" }),
      a.pay(753, 750, 780),
      a.snapshot(753, days(750, 780)),
    ],
  }),
  "a renewal that was never paid": (a) => ({
    facts: [
      a.snapshot(750, days(750, 780)),
      a.fail(750 + HOUR, days(750, 780)),
      a.snapshot(750 + HOUR, { ...days(750, 780), status: "past_due" }),
      a.cancel(770, days(750, 780)),
    ],
    after: null,
  }),
  "a cancellation at the period's end": (a) => ({
    facts: [a.snapshot(730, { ...days(720, 750), cancelAt: day(750) }), a.cancel(750, days(720, 750))],
    after: null,
  }),
  "a cancellation that is withdrawn": (a) => ({
    facts: [a.snapshot(730, { ...days(720, 750), cancelAt: day(750) }), a.snapshot(731, days(720, 750))],
  }),
  "a second subscription after the first": (a) => {
    const b = factBuilder("sub_b");
    const trial = b.snapshot(760, { ...days(760, 774), status: "trialing", selfStarted: true });
    return {
      facts: [
        a.cancel(740, days(720, 750)),
        trial,
        b.snapshot(774, days(774, 804)),
        b.pay(774 + HOUR, 774, 804),
        b.snapshot(804, days(804, 834)),
      ],
      after: null,
    };
  },
  "a second subscription beside the first": () => {
    const b = factBuilder("sub_b");
    return { facts: [b.snapshot(730, { ...days(730, 760), plan: "high" }), b.cancel(735, days(730, 760))], after: {} };
  },
  "a pause and its end": (a) => ({
    facts: [
      a.snapshot(730, { ...days(720, 750), status: "paused" }),
      a.snapshot(765, days(765, 795)),
      a.pay(765 + HOUR, 765, 795),
    ],
    after: null,
  }),
  "a discount": (a) => ({
    facts: [
      { kind: "discount", ...origin(a, 730), change: "set", discount: { key: "di_1", terms: TERMS, endsAt: day(760) } },
      { kind: "discount", ...origin(a, 760), change: "ended", discount: { key: "di_1", terms: null } },
    ],
  }),
  "a switch to a yearly plan": (a) => ({
    facts: [
      a.snapshot(725, { ...days(725, 1090), ...YEAR }),
      a.pay(725 + HOUR, 725, 1090, { ...YEAR, purpose: "change" }),
      a.snapshot(900, { ...days(725, 1090), ...YEAR, quantity: 2 }),
      a.snapshot(1090, { ...days(1090, 1455), ...YEAR, quantity: 2 }),
      a.pay(1090 + HOUR, 1090, 1455, YEAR),
    ],
    after: null,
  }),
};

const TERMS = { id: "coupon", name: "Spring", code: null, off: { percent: 20 } };

function origin(a: Builder, at: number) {
  const { id, processor, subscription, at: instant } = a.transfer(at, "in");
  return { id, processor, subscription, at: instant };
}

describe.each(Object.entries(HISTORIES))("with %s", (_, happens) => {
  test("later facts continue from a checkpoint before it", () => {
    const a = factBuilder();
    const before = renewals(a, { from: 0, to: 25 });
    const checkpoint = checkpointOn(before, 721);
    expect(checkpoint.cut).toBe(day(629));
    const { facts, after } = happens(a);
    const renewed = after === null ? [] : renewals(a, { from: 26, to: 32, changes: after ?? {} });
    expectResumed(checkpoint, before, [...facts, ...renewed]);
  });

  test("a later checkpoint contains it, and can be computed from an earlier one", () => {
    const a = factBuilder();
    const before = renewals(a, { from: 0, to: 25 });
    const { facts, after } = happens(a);
    const last = factBuilder("sub_z");
    const renewed = after === null ? [] : renewals(a, { from: 26, to: 60, changes: after ?? {} });
    const all = [...before, ...facts, ...renewed, ...renewals(last, { from: 60, to: 80 })];
    const checkpoint = checkpointOn(all, 2_380);
    expect(checkpoint.cut).toBe(day(2_279));
    const earlier = checkpointOn(before, 721);
    expect(checkpointOn(since(all, earlier.cut), 2_380, earlier)).toEqual(checkpoint);
    expectResumed(checkpoint, all, renewals(last, { from: 80, to: 82 }));
  });
});

describe("a checkpoint", () => {
  const a = factBuilder();
  const facts = renewals(a, { from: 0, to: 25 });
  const cutOf = (all: readonly Fact[], now: number) => checkpointOf(TEST_PRODUCT, known(all), day(now))?.cut;

  test("has the latest cut that is 90 days old and lies a day before a period", () => {
    expect(cutOf(facts, 719)).toBe(day(629));
    expect(cutOf(facts, 718)).toBe(day(599));
    expect(cutOf(facts, 10_000)).toBe(day(719));
  });

  test("lies before a period that is still open", () => {
    const yearly = [...facts, a.snapshot(750, { ...days(750, 1115), ...YEAR }), a.snapshot(800, days(750, 1115))];
    expect(cutOf(yearly, 1_100)).toBe(day(749));
  });

  test("does not exist for fewer than 40 facts before the cut", () => {
    const month = facts.slice(0, 39);
    expect(cutOf(month, 10_000)).toBeUndefined();
    expect(cutOf([...month, ...renewals(a, { from: 13, to: 14 })], 10_000)).toBeUndefined();
    expect(cutOf([...month, ...renewals(a, { from: 13, to: 15 })], 10_000)).toBe(day(419));
    expect(cutOf([...month, ...renewals(a, { from: 13, to: 15 })], 500)).toBeUndefined();
  });

  test("does not exist for a subscription of several products, or one that was moved", () => {
    expect(checkpointOf(TEST_PRODUCT, known(facts, facts.slice(0, 1)), day(719))).toBeNull();
    expect(cutOf([...facts, a.transfer(800, "out")], 719)).toBeUndefined();
    expect(cutOf([...facts, a.transfer(100, "in")], 719)).toBeUndefined();
  });

  test("lies before a period whose payment came late", () => {
    const rest = facts.filter(({ kind, at }) => kind !== "payment" || at < day(600) || at >= day(630));
    expect(cutOf([...rest, a.pay(640, 600, 630)], 719)).toBe(day(599));
  });

  test("is as small after ten years as after two", () => {
    const size = (months: number) => {
      const b = factBuilder();
      const all = Array.from({ length: months / 12 }, (_, year) => [
        ...renewals(b, { from: year * 12, to: year * 12 + 11, changes: { plan: year % 2 ? "high" : "low" } }),
        ...(HISTORIES["a failed renewal with recovery"]?.(shifted(b, year * 360 - 420)).facts ?? []),
      ]).flat();
      const checkpoint = checkpointOn(all, months * 30 + 60);
      expect(all.length).toBeGreaterThan(months * 2.9);
      expect(checkpoint.cut).toBe(day((months - 1) * 30 - 1));
      return JSON.stringify(checkpoint).length;
    };
    expect(size(120)).toBe(size(24));
    expect(size(120)).toBeLessThan(4_000);
  });
});

/** A builder whose days begin later. */
function shifted({ snapshot, pay, fail, ...rest }: Builder, by: number): Builder {
  const moved = <T extends { periodStart?: Instant | null; periodEnd?: Instant | null }>(state: T): T => ({
    ...state,
    ...(state.periodStart != null && { periodStart: state.periodStart + by * 86_400_000 }),
    ...(state.periodEnd != null && { periodEnd: state.periodEnd + by * 86_400_000 }),
  });
  return {
    ...rest,
    snapshot: (at, state = {}, more) => snapshot(at + by, moved(state), more),
    pay: (at, start, end, more) => pay(at + by, start + by, end + by, more),
    fail: (at, more = {}) => fail(at + by, moved(more)),
  };
}

/** `arrived` are the facts after the cut that the checkpoint knows. */
type Effect = { before: Fact[]; cut: number; arrived?: Fact[]; later: Fact[] };

/** Facts before the cut that have an effect after it, and facts that show the effect. */
const EFFECTS: Record<string, (a: Builder, b: Builder) => Effect> = {
  "the first trial, which refuses a later one": (a, b) => ({
    before: [
      a.snapshot(0, { ...days(0, 14), status: "trialing", selfStarted: true }),
      ...[14, 44, 74].map((start) => a.snapshot(start, days(start, start + 30))),
    ],
    cut: 80,
    later: [
      a.cancel(104, days(74, 104)),
      b.snapshot(110, { ...days(110, 124), status: "trialing", selfStarted: true }),
    ],
  }),
  "the first start, which decides between two equal plans": (a, b) => ({
    before: [b.snapshot(10, { ...days(10, 375), ...YEAR }), ...renewals(a, { from: 0, to: 12 })],
    cut: 340,
    arrived: [a.snapshot(360, days(360, 390))],
    later: [a.snapshot(370, { ...days(360, 390), quantity: 2 })],
  }),
  "a debt, which withholds the plan of a later subscription": (a, b) => ({
    before: [a.snapshot(0), a.snapshot(30, days(30, 60)), a.fail(30.1), a.cancel(40, days(30, 60))],
    cut: 50,
    later: [
      b.snapshot(60, days(60, 90)),
      b.snapshot(90, { ...days(90, 120), plan: "high" }),
      b.fail(91, days(90, 120)),
    ],
  }),
  "an unpaid period, which withholds the quota of the next unpaid one": (a) => ({
    before: [
      a.snapshot(0),
      a.snapshot(30, { ...days(30, 60), status: "past_due" }),
      a.snapshot(60, { ...days(60, 90), status: "past_due" }),
    ],
    cut: 70,
    later: [a.snapshot(80, days(60, 90))],
  }),
  "a failed charge for the plan, which caps its limits": (a) => ({
    before: [
      a.snapshot(0),
      a.snapshot(10, { plan: "high" }),
      a.snapshot(11, { plan: "high", status: "past_due" }),
      a.snapshot(30, { ...days(30, 60), plan: "high" }),
    ],
    cut: 40,
    later: [
      a.snapshot(41, { ...days(30, 60), plan: "high", quantity: 2 }),
      a.pay(50, 50, 60, { purpose: "proration" }),
    ],
  }),
  "a payment for a lower plan, which settles no failed charge": (a) => ({
    before: [
      a.snapshot(0, { status: "past_due" }),
      a.pay(1, 0, 30),
      a.snapshot(2),
      a.snapshot(10, { plan: "high" }),
      a.snapshot(11, { plan: "high", status: "past_due" }),
      a.pay(12, 0, 30),
      a.snapshot(30, { ...days(30, 60), plan: "high", status: "past_due" }),
    ],
    cut: 40,
    later: [a.snapshot(41, { ...days(30, 60), plan: "high" })],
  }),
  "no failed charge that was settled": (a) => ({
    before: [
      a.snapshot(0, { plan: "high", status: "past_due" }),
      a.pay(6, 0, 30, { plan: "high" }),
      a.snapshot(7, { plan: "high", collectionPaused: true }),
      a.pay(19, 0, 30),
      a.snapshot(30, { ...days(30, 60), plan: "high", collectionPaused: true }),
    ],
    cut: 40,
    later: [a.snapshot(41, { ...days(30, 60), plan: "high" })],
  }),
  "a debt at a renewal, whose last plan is then not confirmed": (a, b) => ({
    before: [
      b.snapshot(0, days(0, 10)),
      b.fail(0.1, days(0, 10)),
      b.cancel(5, days(0, 10)),
      a.snapshot(30, days(30, 60)),
      a.pay(30.1, 30, 60),
      a.snapshot(40, { ...days(30, 60), plan: "high" }),
      a.snapshot(60, { ...days(60, 90), plan: "high" }),
    ],
    cut: 70,
    later: [a.fail(80, { periodStart: null, periodEnd: null, plan: "high" }), a.snapshot(81, days(60, 90))],
  }),
  "the plan's start, which a failed charge may precede": (a) => ({
    before: [...renewals(a, { from: 0, to: 3, changes: { plan: "high" } }), a.fail(62, { purpose: "other" })],
    cut: 80,
    later: [
      a.snapshot(85, { ...days(60, 90), plan: "high", status: "past_due" }),
      a.snapshot(87, { ...days(60, 90), plan: "high" }),
    ],
  }),
  "an item at an unlisted price, whose charge is the plan's": (a) => {
    const item = { id: "si_1", product: null, price: null };
    const line = { ...item, purpose: "period" as const, ...days(60, 90) };
    return {
      before: renewals(a, { from: 0, to: 2, changes: { item } }),
      cut: 50,
      arrived: [a.snapshot(60, { ...days(60, 90), item })],
      later: [a.pay(60.1, 60, 90, { plan: null, interval: null, purpose: "other", unlisted: [line] })],
    };
  },
  "an add-on, whose charge is not the plan's": (a) => {
    const item = { id: "si_1", product: "prod_1", price: null };
    const addOn = { id: "si_2", product: "prod_1", price: null };
    const shown = { ...addOn, interval: "monthly" as const, quantity: 1, ...days(0, 30) };
    const line = { ...addOn, purpose: "period" as const, ...days(30, 60) };
    return {
      before: [a.snapshot(0, { item }, { list: { complete: true, plans: 1, unlisted: [shown] } })],
      cut: 20,
      later: [
        a.snapshot(30, { ...days(30, 60), item, status: "past_due" }),
        a.pay(31, 30, 60, { plan: null, interval: null, purpose: "other", unlisted: [line] }),
      ],
    };
  },
  "a discount's terms, which a later event only names": (a) => ({
    before: [
      a.snapshot(0),
      { kind: "discount", ...origin(a, 1), change: "set", discount: { key: "di_1", terms: TERMS, endsAt: null } },
    ],
    cut: 20,
    later: [
      { kind: "discount", ...origin(a, 25), change: "ended", discount: { key: "di_1", terms: null } },
      a.snapshot(26, {}, { discounts: [{ key: "di_1", terms: null }] }),
    ],
  }),
};

describe.each(Object.entries(EFFECTS))("a checkpoint has %s", (_, happens) => {
  const { before, cut, arrived = [], later } = happens(factBuilder(), factBuilder("sub_b"));
  const facts = [...before, ...arrived];

  test("with one checkpoint", () => {
    expectResumed(checkpointBefore(cut, facts), facts, later);
  });

  test.each([1, 10, cut - 20, cut / 4])("with another checkpoint %d days before", (days) => {
    const first = checkpointBefore(cut - days, facts);
    expectResumed(checkpointBefore(cut, since(facts, first.cut), first), facts, later);
  });
});

const SECOND = 1 / 86_400;

describe("a cut is refused", () => {
  const [a, b, c] = [factBuilder(), factBuilder("sub_b"), factBuilder("sub_c")];
  const isSound = (cut: number, ...facts: Fact[]) => checkpointAt(TEST_PRODUCT, known(facts), day(cut)) !== null;
  const trialing = { status: "trialing" } as const;

  test("after an event about a later period", () => {
    const early = [a.snapshot(0), a.snapshot(29, days(30, 60)), a.snapshot(31, days(30, 60))];
    expect([28, 29.5, 31].map((cut) => isSound(cut, ...early))).toEqual([true, false, true]);
    const paid = [a.snapshot(0), a.pay(29, 30, 60), a.snapshot(31, days(30, 60))];
    expect([28, 29.5, 31].map((cut) => isSound(cut, ...paid))).toEqual([true, false, true]);
  });

  test("before an event about an earlier period", () => {
    const late = [a.snapshot(0), a.snapshot(30, days(30, 60)), a.pay(40, 0, 30), a.snapshot(60, days(60, 90))];
    expect([35, 41, 61].map((cut) => isSound(cut, ...late))).toEqual([false, true, true]);
    const old = [a.snapshot(40)];
    expect([30, 41].map((cut) => isSound(cut, ...old))).toEqual([false, true]);
  });

  test("in the minute after a charge, because a later change may belong to it", () => {
    const charge = { purpose: "proration", plan: "high" } as const;
    const failed = [a.snapshot(0), a.fail(10, { ...charge, periodStart: null, periodEnd: null })];
    expect([30, 61].map((seconds) => isSound(10 + seconds * SECOND, ...failed))).toEqual([false, true]);
    const paid = [a.snapshot(0), a.pay(10, 10, 30, charge)];
    expect([30, 61].map((seconds) => isSound(10 + seconds * SECOND, ...paid))).toEqual([false, true]);
  });

  test("in a trial that began in an earlier period", () => {
    const trial = [a.snapshot(0, { ...days(0, 14), ...trialing }), a.snapshot(14, { ...days(14, 28), ...trialing })];
    expect([10, 20].map((cut) => isSound(cut, ...trial, a.snapshot(28, days(28, 58))))).toEqual([true, false]);
    expect(isSound(40, ...trial, a.snapshot(28, days(28, 58)))).toBe(true);
  });

  test("while two subscriptions run in which a third one began", () => {
    const began = [a.snapshot(0), b.snapshot(1, days(1, 31)), c.snapshot(10, days(10, 40))];
    expect(isSound(9, ...began)).toBe(true);
    expect(isSound(11, ...began)).toBe(false);
    expect(isSound(15, ...began, a.cancel(12))).toBe(false);
    expect(isSound(15, ...began, a.cancel(12), b.cancel(13))).toBe(true);
    expect(isSound(12.5, ...began, a.cancel(12), b.cancel(13))).toBe(false);
  });
});

/** The checkpoint at this cut, as the database returns it. */
function checkpointBefore(cut: number, facts: readonly Fact[], earlier: Checkpoint | null = null): Checkpoint {
  const checkpoint = checkpointAt(TEST_PRODUCT, known(facts), day(cut), earlier);
  return checkpointSchema.parse(JSON.parse(JSON.stringify(checkpoint)));
}

describe("later facts are refused", () => {
  const a = factBuilder();
  const b = factBuilder("sub_b");
  // A previous state would show that a later update is missing, and restore the state before.
  const facts = renewals(a, { from: 0, to: 25 }).map((fact) => ({ ...fact, previous: null }) as Fact);
  const checkpoint = checkpointOn(facts, 721);
  const later = since(facts, checkpoint.cut);
  const resumed = (...delivered: Fact[]) => resume(TEST_PRODUCT, checkpoint, known([...later, ...delivered]));
  const lineOf = { id: "si", product: null, price: null, purpose: "period" as const };

  test("only if they reach before the cut", () => {
    expect(checkpoint.cut).toBe(day(629));
    expect(resumed()).not.toBeNull();
    expect(resumed(a.snapshot(629.5, days(600, 630)))).not.toBeNull();
  });

  test.each<[string, Fact]>([
    ["a fact from before the cut", a.snapshot(628.9, days(600, 630))],
    ["a payment for the last period", a.pay(740, 600, 630)],
    ["a payment for an earlier period", a.pay(740, 300, 330)],
    ["a failed charge for an earlier period", a.fail(740, days(300, 330))],
    ["a difference from before the cut", a.pay(740, 620, 630, { purpose: "proration" })],
    ["an unlisted line for an earlier period", a.pay(740, 720, 750, { unlisted: [{ ...lineOf, ...days(300, 330) }] })],
    ["truncated lines of an earlier period", a.pay(740, 720, 750, { truncated: days(300, 330) })],
    ["a snapshot of an earlier period", a.snapshot(740, days(300, 330))],
    ["a previous state of an earlier period", a.snapshot(740, {}, { previous: subscriptionState(days(300, 330)) })],
    ["a subscription that began before the cut", b.snapshot(740, days(620, 985))],
    ["a payment of an unknown subscription for a period before the cut", b.pay(740, 620, 650)],
    ["a move to another user", a.transfer(740, "out")],
    ["a move of another subscription", b.transfer(740, "in")],
    ["another end of the last period", a.snapshot(629.5, days(600, 631))],
    ["another interval of the last period", a.snapshot(629.5, { ...days(600, 630), ...YEAR })],
    ["a charge that failed in the last period", a.snapshot(629.5, { ...days(600, 630), status: "past_due" })],
    ["a pause of the collection in the last period", a.snapshot(629.5, { ...days(600, 630), collectionPaused: true })],
  ])("such as %s", (_, fact) => {
    expect(resumed(fact)).toBeNull();
  });

  test("if the checkpoint has other rules, another configuration or another anchor", () => {
    const again = (changes: Partial<Checkpoint>, product = TEST_PRODUCT) =>
      resume(product, { ...checkpoint, ...changes }, known(later));
    expect(again({})).not.toBeNull();
    expect(again({ version: checkpoint.version + 1 })).toBeNull();
    expect(again({ freeAnchor: FREE_ANCHOR + 1 })).toBeNull();
    const { low, ...plans } = TEST_PRODUCT.plans;
    const changed = { ...TEST_PRODUCT, plans: { ...plans, low: { ...low, limits: { units: 101 } } } };
    expect(again({}, changed as typeof TEST_PRODUCT)).toBeNull();
    expect(resume(TEST_PRODUCT, checkpoint, known(later, [b.snapshot(740)]))).toBeNull();
  });

  test("if a new item could be that of an earlier payment", () => {
    const item = (id: string) => ({ id, product: null, price: null });
    const line = { ...item("si_new"), purpose: "period" as const, ...days(90, 120) };
    const addOn = a.pay(110, 90, 120, { plan: null, interval: null, purpose: "other", unlisted: [line] });
    const all = [...facts, addOn];
    const first = checkpointBefore(200, all);
    const continued = checkpointOn(since(all, first.cut), 721, first);
    const itemOf = (id: string) => a.snapshot(740, { ...days(720, 750), item: item(id) });
    for (const each of [checkpointOn(all, 721), continued]) {
      const resumedWith = (fact: Fact) => resume(TEST_PRODUCT, each, known([...since(all, each.cut), fact]));
      expect(resumedWith(a.snapshot(740, days(720, 750)))).not.toBeNull();
      expect(resumedWith(itemOf("si_new"))).toBeNull();
    }
    expect(resumed(itemOf("si_new"))).not.toBeNull();
  });
});
