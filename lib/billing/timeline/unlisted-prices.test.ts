/** A plan that moves to a price outside the catalog stays the last known plan. */
import { describe, expect, test } from "vitest";
import { day, days, entitlementOn, factBuilder, subscriptionState, timelineOf } from "@/tests/support/fact-builders";
import type { Fact, ItemList, PaymentFact, SnapshotFact, Status, UnlistedItem } from "../types";
import { sharedFacts } from "./plan-items";
import { replaySubscription } from "./subscription-history";

const item = { id: "si_plan", product: "prod_plan", price: "price_plan" };
const second = days(30, 60);
const none = { plan: null, interval: null, periodStart: null, periodEnd: null, item: null } as const;
const a = factBuilder();

/** The plan's item at a listed price. */
const listed = (at: number, changes: Partial<SnapshotFact["state"]> = {}, unlisted: UnlistedItem[] = []) =>
  a.snapshot(at, { item, ...changes }, { list: { complete: true, plans: 1, unlisted } });
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
const without = (at: number, list: Partial<ItemList>, changes: Partial<SnapshotFact["state"]> = {}) =>
  a.snapshot(at, { ...none, ...changes }, { list: { complete: true, plans: 0, unlisted: [], ...list } });

const last = (...facts: Fact[]) => replaySubscription(facts).record;
const met = (...facts: Fact[]) => replaySubscription(facts).trace[facts.at(-1)?.id ?? ""];
const paid = (...facts: Fact[]) => replaySubscription(facts).periods.map((period) => period.paid);

describe("an unlisted price", () => {
  test("has its order among updates of one second by the previous states, not by the ids", () => {
    const list = { complete: true, plans: 0, unlisted: [entry(item)] };
    const bare = (status: Status) => subscriptionState({ ...none, status });
    const overdue = { ...without(5, list, { status: "past_due" }), previous: bare("active") };
    const recovered = { ...without(5, list), previous: bare("past_due") };
    const later = (id: string, fact: SnapshotFact) => ({ ...fact, id });
    expect(last(listed(0), later("z", overdue), later("y", recovered))?.status).toBe("active");
    expect(last(listed(0), later("y", overdue), later("z", recovered))?.status).toBe("active");
    // The previous state is older than the known state and adds no change.
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

  test("keeps the interval if the price has an unknown one", () => {
    expect(last(listed(0), without(5, { unlisted: [entry({ id: "si_plan" })] }))).toMatchObject({
      interval: "monthly",
    });
  });

  test("renews, and the payment for its item pays for the period", () => {
    const renewed = without(30, { unlisted: [entry({ id: "si_plan" }, second)] });
    expect(met(listed(0), renewed)).toBe("Billing period renewal detected");
    const facts = [listed(0), renewed, charge(31, { id: "si_plan", ...second })];
    expect(met(...facts)).toBe("Payment confirmed");
    expect(replaySubscription(facts).periods.at(-1)).toMatchObject({ paid: true, paidInFull: true });
    expect(replaySubscription(facts).confirmations.at(-1)).toEqual({ at: day(31), plan: "low", byPayment: true });
  });

  test("of another item beside other plans ends this plan", () => {
    const gone = without(5, { plans: 1, unlisted: [entry({ id: "si_storage", product: "prod_storage" })] });
    expect(met(listed(0), gone)).toBe("Plan removed from the subscription");
    expect(last(listed(0), gone)).toMatchObject({ plan: "low", status: "paused", absent: true, endedAt: null });
  });

  test("of an add-on never counts as the plan", () => {
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
    // Its payment does not pay for the plan.
    const cost = charge(6, { id: "si_seats", product: "prod_plan", ...days(0, 30) });
    expect(met(listed(0, {}, [seats]), cost)).toBe("Payment for another item");
  });

  test("counts as the plan if earlier facts do not name its item", () => {
    const old = without(5, { plans: 1, unlisted: [entry({ id: "si_new" })] });
    expect(last(a.snapshot(0), old)).toMatchObject({ plan: "low", unlisted: true, absent: false });
  });

  test("is no plan if no plan was known before", () => {
    expect(replaySubscription([without(0, { unlisted: [entry({ id: "si_plan" })] })])).toMatchObject({
      record: null,
      periods: [],
    });
  });

  test("in the previous state means the last known plan", () => {
    const previous = subscriptionState({ plan: null, interval: null, item, status: "past_due" });
    const back = { ...listed(6), previous };
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
  return a.pay(at, 0, 30, {
    ...empty,
    purpose: "other",
    plan: null,
    interval: null,
    unlisted: [{ ...key, ...empty, purpose, ...line }],
    ...rest,
  });
}

describe("a payment at an unlisted price", () => {
  const begun = () => a.snapshot(0, { item, status: "past_due" }, { list: { complete: true, plans: 1, unlisted: [] } });

  test("waits for its subscription, and pays for no plan if its item is not the plan's", () => {
    expect(met(charge(1, { id: "si_plan", ...days(0, 30) }))).toBe("Payment waits for its subscription");
    const other = charge(1, { id: "si_storage", ...days(0, 30) });
    expect(met(begun(), other)).toBe("Payment for another item");
    expect(paid(begun(), other)).toEqual([false]);
  });

  test("pays for the period that its line names, in money if the invoice is", () => {
    const paidInFull = (fact: PaymentFact) => replaySubscription([begun(), fact]).periods[0]?.paidInFull;
    const whole = { id: "si_plan", ...days(0, 30) };
    expect([paidInFull(charge(1, whole)), paidInFull(charge(1, whole, { paidInFull: false }))]).toEqual([true, false]);
    expect(paidInFull(charge(1, { ...whole, purpose: "change" }))).toBe(true);
    expect(paidInFull(charge(1, { ...whole, purpose: "proration" }))).toBe(false);
  });

  test("is in money by its own line, also if the invoice names another product's free plan", () => {
    const line = (paidInFull: boolean) =>
      charge(1, { id: "si_plan", ...days(0, 30), paidInFull }, { paidInFull: !paidInFull });
    const paidInFull = (fact: PaymentFact) => replaySubscription([begun(), fact]).periods[0]?.paidInFull;
    expect([paidInFull(line(true)), paidInFull(line(false))]).toEqual([true, false]);
  });

  test("that failed before a sent invoice is due is no debt", () => {
    const attempt = charge(6, { id: "si_plan", purpose: "not_due", ...days(0, 30) }, { outcome: "failed" });
    expect(met(listed(0), attempt)).toBe("Payment not due yet");
    expect(replaySubscription([listed(0), attempt])).toMatchObject({ failures: [], periods: [{ paid: true }] });
  });

  test("confirms the current plan, or a period's first plan if it is for a period", () => {
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

  test("that failed is for the current plan, unless its period has another interval", () => {
    const failed = (start: number, end: number) =>
      entitlementOn(
        timelineOf(
          listed(0),
          a.pay(0, 0, 30),
          listed(5, { plan: "high" }),
          charge(6, { id: "si_plan", purpose: "change", ...days(start, end) }, { outcome: "failed" }),
        ),
        9,
      )?.limitPlan;
    expect([failed(6, 36), failed(6, 371), failed(6, 342), failed(6, 335)]).toEqual(["low", "high", "high", "low"]);
    const unknown = charge(6, { id: "si_plan", purpose: "change" }, { outcome: "failed" });
    const half = charge(6, { id: "si_plan", purpose: "change", periodStart: day(6) }, { outcome: "failed" });
    for (const fact of [unknown, half]) {
      const timeline = timelineOf(listed(0), a.pay(0, 0, 30), listed(5, { plan: "high" }), fact);
      expect(entitlementOn(timeline, 9)?.limitPlan).toBe("low");
    }
  });

  test("with a truncated list of lines pays for a known period, and opens none", () => {
    const none = { periodStart: null, periodEnd: null, plan: null, interval: null };
    const cut = (start: number, rest: Partial<PaymentFact> = {}) =>
      a.pay(31, start, start + 30, { ...none, purpose: "other", truncated: days(start, start + 30), ...rest });
    expect(met(begun(), cut(0))).toBe("Payment confirmed");
    expect(paid(begun(), cut(0))).toEqual([true]);
    expect(met(begun(), cut(30))).toBe("Payment for another item");
    expect(paid(begun(), cut(30))).toEqual([false]);
    expect(met(begun(), cut(0, { outcome: "failed" }))).toBe("Payment for another item");
    expect(replaySubscription([begun(), cut(0)]).periods[0]?.paidInFull).toBe(false);
    // Another product's plan is among the lines that were sent: its fact is shared.
    const bots = { ...cut(0), plan: "office", interval: "monthly", purpose: "period" } as PaymentFact;
    expect(paid(begun(), ...sharedFacts([begun()], [bots]))).toEqual([true]);
    expect(replaySubscription([begun(), cut(0)]).confirmations).toEqual([
      { at: day(31), plan: "low", byPayment: true },
    ]);
  });
});
