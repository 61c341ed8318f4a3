/** The certain part of an event is applied if another part is doubtful: an item, a price, a truncated list. */
import { describe, expect, test } from "vitest";
import { day, days, image, on, timelineOf, told } from "@/tests/support/told";
import type { Fact, ItemList, PaymentFact, SnapshotFact, Status, UnlistedItem } from "../types";
import { DAY, HOUR } from "./calendar";
import { sharedFacts } from "./plan-items";
import { replaySubscription } from "./subscription-history";

const item = { id: "si_plan", product: "prod_plan", price: "price_plan" };
const second = days(30, 60);
const none = { plan: null, interval: null, periodStart: null, periodEnd: null, item: null } as const;
const a = told();

/** The plan's item at a listed price. */
const listed = (at: number, changes: Partial<SnapshotFact["image"]> = {}, unlisted: UnlistedItem[] = []) =>
  a.is(at, { item, ...changes }, { list: { complete: true, plans: 1, unlisted } });
const entry = (key: Partial<typeof item>, changes: Partial<UnlistedItem> = {}): UnlistedItem => ({
  id: null,
  product: null,
  price: "price_other",
  interval: null,
  quantity: 1,
  ...days(0, 30),
  ...key,
  ...changes,
});
/** An event without a listed price of the product. */
const without = (at: number, list: Partial<ItemList>, changes: Partial<SnapshotFact["image"]> = {}) =>
  a.is(at, { ...none, ...changes }, { list: { complete: true, plans: 0, unlisted: [], ...list } });

const last = (...facts: Fact[]) => replaySubscription(facts).record;
const met = (...facts: Fact[]) => replaySubscription(facts).trace[facts.at(-1)?.id ?? ""];
const paid = (...facts: Fact[]) => replaySubscription(facts).periods.map((period) => period.paid);

describe("an unlisted price", () => {
  test("of two updates in one second the image before decides which is later, not the id", () => {
    const list = { complete: true, plans: 0, unlisted: [entry(item)] };
    const bare = (status: Status) => image({ ...none, status });
    const overdue = { ...without(5, list, { status: "past_due" }), before: bare("active") };
    const recovered = { ...without(5, list), before: bare("past_due") };
    const later = (id: string, fact: SnapshotFact) => ({ ...fact, id });
    expect(last(listed(0), later("z", overdue), later("y", recovered))?.status).toBe("active");
    expect(last(listed(0), later("y", overdue), later("z", recovered))?.status).toBe("active");
    // The image before is older than the image: it adds no change of its own.
    expect(replaySubscription([listed(0), later("z", recovered)]).failures).toEqual([]);
  });

  test.each([
    ["the same id", { id: "si_plan" }],
    ["the same product", { id: "si_new", product: "prod_plan" }],
    ["no other plan in the list", { id: "si_new", product: "prod_new" }],
  ])("keeps the last known plan: %s", (_, key) => {
    const moved = without(5, { unlisted: [entry(key, { quantity: 3, interval: "yearly", ...days(0, 365) })] });
    expect(last(listed(0), moved)).toMatchObject({
      plan: "low",
      interval: "yearly",
      quantity: 3,
      status: "active",
      periodEnd: day(365),
      absent: false,
      unlisted: true,
      item: { id: key.id },
    });
  });

  test("keeps the interval if the price has none that is known", () => {
    expect(last(listed(0), without(5, { unlisted: [entry({ id: "si_plan" })] }))).toMatchObject({
      interval: "monthly",
    });
  });

  test("renews, and the payment of its item pays for the period", () => {
    const renewed = without(30, { unlisted: [entry({ id: "si_plan" }, second)] });
    expect(met(listed(0), renewed)).toBe("Billing period renewal detected");
    const facts = [listed(0), renewed, charge(31, { id: "si_plan", ...second })];
    expect(met(...facts)).toBe("Payment confirmed");
    expect(replaySubscription(facts).periods.at(-1)).toMatchObject({ paid: true, paidInFull: true });
    expect(replaySubscription(facts).confirmations.at(-1)).toEqual({ at: day(31), plan: "low", byPayment: true });
  });

  test("of another item beside other plans ends this one", () => {
    const gone = without(5, { plans: 1, unlisted: [entry({ id: "si_storage", product: "prod_storage" })] });
    expect(met(listed(0), gone)).toBe("Plan removed from the subscription");
    expect(last(listed(0), gone)).toMatchObject({ plan: "low", status: "paused", absent: true, endedAt: null });
  });

  test("of an add-on never stands for the plan", () => {
    const seats = entry({ id: "si_seats", product: "prod_plan" });
    const facts = [listed(0, {}, [seats]), without(5, { unlisted: [seats] })];
    expect(last(...facts)).toMatchObject({ absent: true, status: "paused" });
    // At Paddle an add-on has no id; it is known by its price.
    const storage = entry({ product: "prod_plan", price: "pri_storage" });
    expect(last(listed(0, {}, [storage]), without(5, { unlisted: [storage] }))).toMatchObject({ absent: true });
    const other = entry({ product: "prod_plan", price: "pri_else" });
    expect(last(listed(0, {}, [storage]), without(5, { unlisted: [storage, other] }))).toMatchObject({
      unlisted: true,
    });
    // Nor does its payment pay for it.
    const cost = charge(6, { id: "si_seats", product: "prod_plan", ...days(0, 30) });
    expect(met(listed(0, {}, [seats]), cost)).toBe("Payment for another item");
  });

  test("stands for a plan whose item older facts do not name", () => {
    const old = without(5, { plans: 1, unlisted: [entry({ id: "si_new" })] });
    expect(last(a.is(0), old)).toMatchObject({ plan: "low", unlisted: true, absent: false });
  });

  test("is no plan before one was known", () => {
    expect(replaySubscription([without(0, { unlisted: [entry({ id: "si_plan" })] })])).toMatchObject({
      record: null,
      periods: [],
    });
  });

  test("of the image before is the last known plan", () => {
    const before = image({ plan: null, interval: null, item, status: "past_due" });
    const back = { ...listed(6), before };
    expect(replaySubscription([listed(0), back]).failures).toEqual([{ at: day(6), plan: "low", interval: "monthly" }]);
  });
});

/** A payment that has lines with unlisted prices only. */
function charge(
  at: number,
  { purpose = "period", ...line }: Partial<NonNullable<PaymentFact["unlisted"]>[number]>,
  rest: Partial<PaymentFact> = {},
): PaymentFact {
  const empty = { periodStart: null, periodEnd: null };
  const key = { id: null, product: null, price: "price_other" };
  return a.pays(at, 0, 30, {
    ...empty,
    purpose: "other",
    plan: null,
    interval: null,
    unlisted: [{ ...key, ...empty, purpose, ...line }],
    ...rest,
  });
}

describe("a payment at an unlisted price", () => {
  const begun = () => a.is(0, { item, status: "past_due" }, { list: { complete: true, plans: 1, unlisted: [] } });

  test("waits for its subscription, and is another item's if it is not the plan's", () => {
    expect(met(charge(1, { id: "si_plan", ...days(0, 30) }))).toBe("Payment waits for its subscription");
    const other = charge(1, { id: "si_storage", ...days(0, 30) });
    expect(met(begun(), other)).toBe("Payment for another item");
    expect(paid(begun(), other)).toEqual([false]);
  });

  test("pays for the period that its line names, in money if the invoice was", () => {
    const inMoney = (fact: PaymentFact) => replaySubscription([begun(), fact]).periods[0]?.paidInFull;
    const whole = { id: "si_plan", ...days(0, 30) };
    expect([inMoney(charge(1, whole)), inMoney(charge(1, whole, { inMoney: false }))]).toEqual([true, false]);
    expect(inMoney(charge(1, { ...whole, purpose: "change" }))).toBe(true);
    expect(inMoney(charge(1, { ...whole, purpose: "proration" }))).toBe(false);
  });

  test("is in money by its own line, also if the invoice names another product's free plan", () => {
    const line = (inMoney: boolean) => charge(1, { id: "si_plan", ...days(0, 30), inMoney }, { inMoney: !inMoney });
    const inMoney = (fact: PaymentFact) => replaySubscription([begun(), fact]).periods[0]?.paidInFull;
    expect([inMoney(line(true)), inMoney(line(false))]).toEqual([true, false]);
  });

  test("that failed before a sent invoice is due is no debt", () => {
    const attempt = charge(6, { id: "si_plan", purpose: "not_due", ...days(0, 30) }, { outcome: "failed" });
    expect(met(listed(0), attempt)).toBe("Payment not due yet");
    expect(replaySubscription([listed(0), attempt])).toMatchObject({ failures: [], periods: [{ paid: true }] });
  });

  test("confirms the plan that is held; for a period the one that it opened with", () => {
    const confirmed = (fact: PaymentFact) =>
      replaySubscription([listed(0), listed(5, { plan: "high" }), fact]).confirmations.filter(
        ({ byPayment }) => byPayment,
      );
    expect(confirmed(charge(6, { id: "si_plan", purpose: "proration", ...days(6, 30) }))).toMatchObject([
      { plan: "high" },
    ]);
    expect(confirmed(charge(5, { id: "si_plan", purpose: "proration", ...days(5, 30) }))).toMatchObject([
      { plan: "high" },
    ]);
    expect(confirmed(charge(4, { id: "si_plan", purpose: "proration", ...days(4, 30) }))).toMatchObject([
      { plan: "low" },
    ]);
    expect(confirmed(charge(6, { id: "si_plan", ...days(0, 30) }))).toMatchObject([{ plan: "low" }]);
    expect(confirmed(charge(6, { id: "si_plan", purpose: "other" }))).toEqual([]);
    expect(confirmed(charge(6, { id: "si_plan", purpose: "not_due", ...days(0, 30) }))).toEqual([]);
  });

  test("that failed is for the plan that is held, unless its period is another interval's", () => {
    const failed = (start: number, end: number) =>
      on(
        timelineOf(
          listed(0),
          a.pays(0, 0, 30),
          listed(5, { plan: "high" }),
          charge(6, { id: "si_plan", purpose: "change", ...days(start, end) }, { outcome: "failed" }),
        ),
        9,
      )?.limitPlan;
    expect([failed(6, 36), failed(6, 371), failed(6, 342), failed(6, 335)]).toEqual(["low", "high", "high", "low"]);
    const unknown = charge(6, { id: "si_plan", purpose: "change" }, { outcome: "failed" });
    const half = charge(6, { id: "si_plan", purpose: "change", periodStart: day(6) }, { outcome: "failed" });
    for (const fact of [unknown, half]) {
      const timeline = timelineOf(listed(0), a.pays(0, 0, 30), listed(5, { plan: "high" }), fact);
      expect(on(timeline, 9)?.limitPlan).toBe("low");
    }
  });

  test("whose lines were cut pays for a period that is known, and opens none", () => {
    const none = { periodStart: null, periodEnd: null, plan: null, interval: null };
    const cut = (start: number, rest: Partial<PaymentFact> = {}) =>
      a.pays(31, start, start + 30, { ...none, purpose: "other", truncated: days(start, start + 30), ...rest });
    expect(met(begun(), cut(0))).toBe("Payment confirmed");
    expect(paid(begun(), cut(0))).toEqual([true]);
    expect(met(begun(), cut(30))).toBe("Payment for another item");
    expect(paid(begun(), cut(30))).toEqual([false]);
    expect(met(begun(), cut(0, { outcome: "failed" }))).toBe("Payment for another item");
    expect(replaySubscription([begun(), cut(0)]).periods[0]?.paidInFull).toBe(false);
    // Another product's plan is among the lines that were sent: its fact is shared.
    const bots = { ...cut(0), plan: "growth", interval: "monthly", purpose: "period" } as PaymentFact;
    expect(paid(begun(), ...sharedFacts([begun()], [bots]))).toEqual([true]);
    expect(replaySubscription([begun(), cut(0)]).confirmations).toEqual([
      { at: day(31), plan: "low", byPayment: true },
    ]);
  });
});

describe("an item list", () => {
  const gone = (at: number) => without(at, { plans: 1 });

  test("that is complete without the plan ends it until the item returns", () => {
    const facts = [listed(0), gone(5), listed(8)];
    const at = (n: number) => on(timelineOf(...facts), n)?.plan;
    expect([at(4), at(6), at(9)]).toEqual(["low", "free", "low"]);
    expect(met(...facts)).toBe("No billing change");
    expect(replaySubscription(facts).periods).toHaveLength(1);
  });

  test("without the plan again changes nothing", () => {
    expect(met(listed(0), gone(5), gone(6))).toBe("No billing change");
  });

  test("that is truncated says nothing about the plan, before and after it left", () => {
    const cut = (at: number) => without(at, { complete: false }, { cancelAt: day(30), status: "past_due" });
    expect(last(listed(0), cut(5))).toMatchObject({ plan: "low", status: "past_due", cancelAt: day(30), quantity: 1 });
    expect(replaySubscription([listed(0), cut(5)]).periods).toHaveLength(1);
    expect(last(listed(0), gone(5), cut(6))).toMatchObject({ absent: true, status: "paused" });
    const negotiated = without(5, { unlisted: [entry({ id: "si_plan" })] });
    expect(last(listed(0), negotiated, cut(6))).toMatchObject({ unlisted: true, item: { id: "si_plan" } });
    expect(last(listed(0), cut(6))).toMatchObject({ unlisted: false, item });
  });

  test("from before the product was part of the subscription leaves no record; an end does", () => {
    expect(replaySubscription([gone(0), without(1, { complete: false })])).toMatchObject({ record: null, changes: [] });
    expect(met(gone(0))).toBe("No billing change");
    const end = { ...gone(0), life: "deleted" as const };
    expect(met(end)).toBe("Subscription ended");
    expect(replaySubscription([end, listed(5)])).toMatchObject({ record: { endedAt: day(0) }, periods: [] });
    const canceled = without(0, { plans: 1 }, { status: "canceled" });
    expect(met(canceled)).toBe("Subscription ended");
    expect(last(listed(0), { ...gone(5), life: "deleted" })).toMatchObject({ status: "canceled", endedAt: day(5) });
    expect(met(listed(0), { ...gone(5), life: "deleted" })).toBe("Subscription ended");
  });
});

describe("a first charge that failed", () => {
  const fails = (at: number) => a.fails(at, days(0, 30));
  const active = (at: number) => a.is(at);
  const incomplete = a.is(0, { status: "incomplete" });
  const limit = (...facts: Fact[]) => on(timelineOf(...facts), 9)?.limitPlan ?? null;

  test("before the activation has no effect, in either order", () => {
    for (const facts of [
      [incomplete, fails(0), active(1)],
      [fails(0), active(1)],
      [incomplete, fails(1), active(1)],
    ]) {
      expect(paid(...facts)).toEqual([true]);
      expect(limit(...facts)).toBe("low");
    }
  });

  test("at or after the activation is a debt", () => {
    expect(paid(active(1), fails(1))).toEqual([false]);
    expect(limit(active(1), fails(1))).toBe("free");
    expect(paid(incomplete, active(1), fails(2))).toEqual([false]);
    expect(limit(incomplete, active(1), fails(2))).toBe("free");
    // A subscription that is past due from its beginning was not activated.
    expect(paid(fails(0), a.is(1, { status: "past_due" }))).toEqual([false]);
  });

  test("for another plan or interval leaves the period paid", () => {
    expect(paid(active(0), a.fails(2, { ...days(0, 30), plan: "high" }))).toEqual([true]);
    expect(paid(active(0), a.fails(2, { ...days(0, 30), interval: "yearly" }))).toEqual([true]);
    const upgraded = [active(0), a.is(1, { plan: "high" })];
    expect(paid(...upgraded, a.fails(2, { ...days(0, 30), plan: "high" }))).toEqual([false]);
    // A plan of the next period does not count for this one.
    const renewed = [active(0), a.is(30, { ...second, plan: "high" })];
    expect(paid(...renewed, a.fails(31, { ...days(0, 30), plan: "high" }))).toEqual([true, false]);
  });
});

describe("a period that counts as paid", () => {
  const restartAt = (n: number) => a.is(n, days(n, n + 30));
  const owed = a.is(30, second);

  test("is not the one before a restart within a day: its charge may still be open", () => {
    expect(paid(a.is(0), owed, restartAt(30.5))).toEqual([true, false, false]);
    expect(paid(a.is(0), owed, restartAt(31))).toEqual([true, true, false]);
    expect(paid(a.is(0), owed, a.is(60, days(60, 90)))).toEqual([true, true, false]);
  });

  test("is no first one with sent invoices, until it is paid or still active at its end", () => {
    const sent = { sentInvoice: true };
    const begun = a.is(0, sent);
    expect(paid(begun)).toEqual([false]);
    expect(paid(begun, a.pays(3, 0, 30))).toEqual([true]);
    expect(paid(begun, a.is(10, { ...sent, ...days(10, 40) }))).toEqual([false, false]);
    expect(paid(begun, a.is(30, { ...sent, ...second }))).toEqual([true, false]);
    // It gives the plan all the while, also when the invoice is overdue.
    const overdue = a.is(5, { ...sent, status: "past_due" });
    expect(on(timelineOf(begun, overdue), 9)).toMatchObject({ plan: "low", limitPlan: "low", status: "past_due" });
  });

  test("is one that the business offers while the collection is paused", () => {
    const waived = a.is(20, { collectionWaived: true });
    expect(paid(a.is(0), waived, a.is(30, { ...second, collectionWaived: true }))).toEqual([true, true]);
    const withheld = a.is(20, { collectionPaused: true });
    expect(paid(a.is(0), withheld, a.is(30, { ...second, collectionPaused: true }))).toEqual([true, false]);
  });

  test("is the one with the nearest start, of two as near the earlier", () => {
    const next = (seconds: number) => ({ periodStart: day(0) + seconds * 1000, periodEnd: day(30) + seconds * 1000 });
    const base = { status: "past_due" as const };
    const two = [a.is(0, base), a.is(0.001, { ...base, ...next(2) })];
    const at = (seconds: number) => paid(...two, a.pays(1, 0, 30, next(seconds)));
    expect([at(0), at(2), at(1)]).toEqual([
      [true, false],
      [false, true],
      [true, false],
    ]);
    const close = [a.is(0, base), a.is(0.001, { ...base, ...next(1.5) })];
    expect(paid(...close, a.pays(1, 0, 30, next(1)))).toEqual([false, true]);
    expect(paid(...close, a.pays(1, 0, 30, next(4)))).toEqual([false, false]);
  });
});

describe("a test clock's event", () => {
  /** Wall time stands still while the periods go on. */
  const wall = (fact: Fact, seconds: number): Fact => ({ ...fact, at: day(0) + seconds * 1000 });
  const renewed = wall(a.is(0, second), 60);

  test("counts from the start of the period that it is about", () => {
    const facts = [a.is(0), renewed, wall(a.is(0, { ...second, status: "past_due" }), 90)];
    expect(last(...facts)).toMatchObject({ pastDueSince: day(30) });
    const timeline = timelineOf(...facts);
    expect([on(timeline, 36)?.plan, on(timeline, 37)?.plan]).toEqual(["low", "free"]);
    expect(timeline.asOf).toBe(day(30));
    const ended = wall(a.ends(0, second), 95);
    expect(last(...facts, ended)).toMatchObject({ endedAt: day(30) });
  });

  test("a payment confirms its own period, and a proration the one that it names", () => {
    const pays = (rest: Partial<PaymentFact>) => wall(a.pays(0, 30, 60, rest), 100);
    const at = (fact: Fact) =>
      replaySubscription([a.is(0), renewed, fact]).confirmations.filter(({ byPayment }) => byPayment);
    expect(at(pays({}))).toEqual([{ at: day(30), plan: "low", byPayment: true }]);
    const upgrade = { purpose: "proration", plan: "high", ...days(40, 60) } as const;
    expect(at(pays(upgrade))).toEqual([]);
    const both = [a.is(0), renewed, pays({}), pays(upgrade)];
    expect(replaySubscription(both).confirmations.at(-1)).toEqual({ at: day(40), plan: "high", byPayment: true });
  });

  test("a failed charge counts from the period too", () => {
    const failed = wall(a.fails(0, second), 80);
    expect(replaySubscription([a.is(0), renewed, failed]).failures).toMatchObject([{ at: day(30), plan: "low" }]);
  });
});

describe("of two confirmations at one instant", () => {
  test("the higher plan caps, whichever was first", () => {
    const both = [
      a.pays(3, 0, 30, { plan: "high", purpose: "period" }),
      a.pays(3, 3, 30, { plan: "low", purpose: "proration" }),
    ];
    for (const facts of [both, both.toReversed()]) {
      const declined = [a.is(0, { plan: "high" }), ...facts, a.fails(4, { plan: "high", purpose: "change" })];
      expect(on(timelineOf(...declined), 9)?.limitPlan).toBe("high");
    }
  });
});

test("a failed attempt belongs to the change that follows within a minute", () => {
  const before = (milliseconds: number) => {
    const at = day(5) - milliseconds;
    const attempt = { ...a.fails(5, { plan: "high", purpose: "change", periodStart: at }), at };
    return on(timelineOf(a.is(0), a.pays(0, 0, 30), attempt, a.is(5, { plan: "high" })), 9)?.limitPlan;
  };
  expect([before(0), before(60_000), before(60_001), before(HOUR), before(DAY)]).toEqual([
    "low",
    "low",
    "high",
    "high",
    "high",
  ]);
});
