/** A subscription that an admin moved: its effect for each user, in every order of deliveries. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { day, days, entitlementOn, factBuilder, timelineOf } from "@/tests/support/fact-builders";
import type { Fact, Instant, SnapshotFact, SubscriptionState } from "../types";
import { decide } from "./build-timeline";
import { factsBefore, factsToMove } from "./transfer";

const brief = ({ entitlementPeriods }: ReturnType<typeof timelineOf>) =>
  entitlementPeriods.map(({ start, source, plan, status }) => [(start - day(0)) / 86_400_000, source, plan, status]);
const SINCE_EVER = -day(0) / 86_400_000;
const movesIn = (at: number) => ({ ...factBuilder().transfer(at, "in"), id: "sub_a:move" });
const LOW = "stripe:sub_a";

describe("Case 8: a subscription that an admin moved", () => {
  const a = factBuilder();
  const [began, paid, later] = [a.snapshot(0), a.pay(0, 0, 30), a.snapshot(20, { plan: "high" })];
  const [out, back] = [a.transfer(10, "out"), a.transfer(20, "in")];
  const moved = movesIn(10);

  test("ends for the old user with the move, and later events have no effect", () => {
    const old = timelineOf(began, paid, out);
    expect(brief(old)).toEqual([
      [SINCE_EVER, "free", "free", null],
      [0, LOW, "low", "active"],
      [10, "free", "free", "canceled"],
    ]);
    expect(old.records).toMatchObject([{ status: "canceled", endedAt: day(10), plan: "low" }]);
    expect(old.periods).toMatchObject([{ start: day(0), end: day(30), paid: true }]);
    expect(old.transitions.at(-1)).toMatchObject({
      at: day(10),
      kind: "preserve",
      reason: "Subscription moved to another user",
      from: { source: LOW },
    });
    expect(timelineOf(began, paid, out, later, a.cancel(25))).toEqual(old);
    expect(decide(timelineOf(began, paid), old, [out])).toEqual({
      action: "preserve",
      reason: "Subscription moved to another user",
    });
  });

  test("begins for the new user at the move, in the current period, at 0 used", () => {
    const anew = timelineOf(began, paid, moved);
    expect(brief(anew)).toEqual([
      [SINCE_EVER, "free", "free", null],
      [10, LOW, "low", "active"],
      [37, "free", "free", "active"],
    ]);
    expect(anew.records).toMatchObject([{ status: "active", endedAt: null, periodStart: day(0) }]);
    expect(anew.transitions[0]).toMatchObject({
      at: day(10),
      kind: "reset",
      reason: "Subscription moved from another user",
      from: null,
      window: { source: LOW, start: day(0), end: day(30) },
    });
    expect(anew.asOf).toBe(day(10));
    expect(decide(timelineOf(), anew, [began, paid, moved])).toEqual({
      action: "reset",
      reason: "Subscription moved from another user",
    });
    expect(entitlementOn(timelineOf(began, paid, moved, later), 21)).toMatchObject({ plan: "high", limitPlan: "high" });
    const renewed = timelineOf(began, paid, moved, a.snapshot(30, days(30, 60)));
    expect(renewed.transitions.map(({ at, reason }) => [at, reason])).toEqual([
      [day(10), "Subscription moved from another user"],
      [day(30), "Billing period renewal detected"],
      [day(67), "Grace ran out"],
    ]);
  });

  test("begins in the current month of a yearly plan, and earlier periods stay the old user's", () => {
    const year = { interval: "yearly" as const, ...days(0, 365) };
    const anew = timelineOf(a.snapshot(0, year), movesIn(70));
    expect(anew.transitions[0]).toMatchObject({ at: day(70), window: { start: day(61), periodStart: day(0) } });
    const renewed = timelineOf(began, a.snapshot(30, days(30, 60)), movesIn(40));
    expect(renewed.periods.map(({ start }) => start)).toEqual([day(30)]);
  });

  test("keeps its debt and its earlier end", () => {
    const owed = [began, a.snapshot(5, { status: "past_due" })];
    expect(entitlementOn(timelineOf(...owed, moved), 10)).toMatchObject({
      status: "past_due",
      withheld: false,
      plan: "low",
    });
    expect(entitlementOn(timelineOf(...owed, moved), 12)).toMatchObject({ source: "free" });
    const ended = timelineOf(began, a.cancel(5), moved);
    expect(brief(ended).slice(0, 1)).toEqual([[SINCE_EVER, "free", "free", null]]);
    expect(ended.transitions).toEqual([]);
  });

  test("moved back shows the old user's own counters again", () => {
    const twice = timelineOf(began, paid, out, back);
    expect(brief(twice)).toEqual([
      [SINCE_EVER, "free", "free", null],
      [0, LOW, "low", "active"],
      [10, "free", "free", "canceled"],
      [20, LOW, "low", "active"],
      [37, "free", "free", "active"],
    ]);
    expect(twice.transitions.filter(({ window }) => window.source === LOW)).toMatchObject([
      { at: day(0), reason: "New subscription" },
    ]);
    const renewedBetween = timelineOf(began, paid, out, a.snapshot(30, days(30, 60)), movesIn(40));
    expect(renewedBetween.transitions.filter(({ window }) => window.source === LOW)).toMatchObject([
      { at: day(0), reason: "New subscription" },
      { at: day(40), reason: "Subscription moved from another user" },
    ]);
  });

  test("begins with a carry-over inside another paid period of the new user until it is paid itself", () => {
    const own = factBuilder("sub_own");
    const theirs = [own.snapshot(0), own.pay(0, 0, 30)];
    const unpaid = timelineOf(...theirs, a.snapshot(5, { plan: "high", ...days(5, 35) }), moved);
    expect(unpaid.transitions.find(({ window }) => window.source === LOW)).toMatchObject({
      kind: "carry_over",
      reason: "Resubscribed within a paid period",
      from: { source: "stripe:sub_own" },
    });
  });

  test("leaves the new user's earlier entitlement unchanged", () => {
    const own = factBuilder("sub_own");
    const theirs = [own.snapshot(5, { status: "trialing", selfStarted: true, trialEnd: day(35), ...days(5, 35) })];
    const trial = a.snapshot(0, { status: "trialing", selfStarted: true, trialEnd: day(30) });
    const before = timelineOf(...theirs);
    const after = timelineOf(...theirs, trial, moved);
    expect(entitlementOn(after, 6)).toEqual({ ...entitlementOn(before, 6), end: expect.any(Number) });
    expect(after.flags).toEqual([{ kind: "trial_refused", source: LOW, at: day(10) }]);
  });

  test("withholds no quota of the old user for a period that the new user owes", () => {
    const own = factBuilder("sub_own");
    const next = [own.snapshot(42, days(42, 72)), own.snapshot(72, days(72, 102))];
    const owed = { status: "past_due" as const, ...days(30, 60) };
    const unpaid = [began, paid, a.snapshot(30, days(30, 60)), a.snapshot(31, owed)];
    expect(entitlementOn(timelineOf(...unpaid, ...next), 73)).toMatchObject({
      source: "stripe:sub_own",
      withheld: true,
    });
    const movedAway = { ...a.transfer(40, "out"), id: "sub_a:left" };
    expect(entitlementOn(timelineOf(...unpaid, movedAway, ...next), 73)).toMatchObject({
      source: "stripe:sub_own",
      withheld: false,
    });
  });

  test("has no record for a product without another fact than the move", () => {
    const ended = { ...a.cancel(5), state: { ...began.state, plan: null, interval: null } };
    expect(timelineOf(moved).records).toEqual([]);
    expect(timelineOf(moved, ended).records).toEqual([]);
  });
});

type Step = Fact | { at: Instant; from: string; to: string };

/** Every order of the steps, except those with a move after a later fact. */
function deliveries(steps: readonly Step[]): Step[][] {
  if (steps.length === 0) return [[]];
  return steps.flatMap((step, index) => {
    const rest = steps.filter((_, other) => other !== index);
    const waits = "id" in step && rest.some((other) => "to" in other && other.at <= step.at);
    const early = "to" in step && rest.some((other) => "to" in other && other.at < step.at);
    return waits || early ? [] : deliveries(rest).map((order) => [step, ...order]);
  });
}

/** The users' timelines after the steps, delivered as `settle` and a move deliver them. */
function timelinesAfter(steps: readonly Step[]) {
  const facts: Record<string, Fact[]> = { ada: [], ben: [] };
  const until: Record<string, Instant> = { ada: Number.POSITIVE_INFINITY };
  const of = (user: string) => facts[user] as Fact[];
  for (const step of steps) {
    if ("to" in step) {
      const move = { kind: "transfer", processor: "stripe", subscription: "sub_a", at: step.at } as const;
      const id = `move:${step.at}`;
      of(step.to).push(...factsToMove(of(step.from), move), { ...move, id, direction: "in" });
      of(step.from).push({ ...move, id, direction: "out" });
      until[step.from] = step.at;
      until[step.to] = Number.POSITIVE_INFINITY;
      continue;
    }
    for (const [user, end] of Object.entries(until))
      of(user).push(...factsBefore([{ fact: step }], end).map(({ fact }) => fact));
  }
  return { ada: timelineOf(...of("ada")), ben: timelineOf(...of("ben")) };
}

describe("deliveries around a move converge in every order:", () => {
  const a = factBuilder();
  const steps: Fact[] = [
    a.snapshot(0, {}, { changeType: "created" }),
    a.snapshot(5, { plan: "high" }),
    a.pay(6, 0, 30),
    a.snapshot(30, { plan: "high", ...days(30, 60) }),
    a.cancel(40, { plan: "high", ...days(30, 60) }),
  ];
  const away = (at: number) => ({ at: day(at), from: "ada", to: "ben" });
  const back = (at: number) => ({ at: day(at), from: "ben", to: "ada" });

  test.each<[string, Step[]]>([
    ["moved early", [away(3)]],
    ["moved in the period", [away(20)]],
    ["moved after the renewal", [away(35)]],
    ["moved after its end", [away(50)]],
    ["moved to another user and back", [away(10), back(33)]],
  ])("%s", (_, moves) => {
    const orders = deliveries([...steps, ...moves]);
    expect(orders.length).toBeGreaterThan(1);
    const expected = timelinesAfter(orders[0] as Step[]);
    for (const order of orders) expect(timelinesAfter(order)).toEqual(expected);
  });
});

describe("after any history of a subscription, a move", () => {
  const anyHistory = fc
    .array(
      fc.record({
        at: fc.integer({ min: 0, max: 90 }),
        plan: fc.constantFrom("low", "high"),
        status: fc.constantFrom<SubscriptionState["status"]>(
          "active",
          "active",
          "past_due",
          "trialing",
          "paused",
          "canceled",
        ),
        start: fc.constantFrom(0, 0, 30, 60, 17),
        paid: fc.boolean(),
      }),
      { minLength: 1, maxLength: 6 },
    )
    .map((moments) => {
      const a = factBuilder();
      return moments.flatMap(({ at, plan, status, start, paid }): Fact[] => {
        const changeType: SnapshotFact["changeType"] = status === "canceled" ? "deleted" : "updated";
        const fact = a.snapshot(at, { plan, status, ...days(start, start + 30) }, { changeType });
        return paid ? [fact, a.pay(at, start, start + 30, { plan })] : [fact];
      });
    });
  const when = fc.integer({ min: 0, max: 90 }).map((at) => at + 0.5);
  const own = factBuilder("sub_own");
  const theirs = [own.snapshot(2, days(2, 32)), own.pay(2, 2, 32), own.snapshot(32, days(32, 62))];
  const clipped = ({ entitlementPeriods }: ReturnType<typeof timelineOf>, until: Instant) =>
    entitlementPeriods
      .filter(({ start }) => start < until)
      .map(({ end: _, ...entitlementPeriod }) => entitlementPeriod);
  const opened = ({ transitions }: ReturnType<typeof timelineOf>, until: Instant) =>
    transitions.filter(({ at }) => at < until);

  test("changes no earlier entitlement of the new user", () => {
    fc.assert(
      fc.property(anyHistory, when, (facts, at) => {
        const [before, after] = [timelineOf(...theirs), timelineOf(...theirs, ...facts, movesIn(at))];
        expect(clipped(after, day(at))).toEqual(clipped(before, day(at)));
        expect(opened(after, day(at))).toEqual(opened(before, day(at)));
      }),
    );
  });

  test("leaves the old user the free plan, and changes no earlier entitlement", () => {
    fc.assert(
      fc.property(anyHistory, when, (facts, at) => {
        const known = facts.filter((fact) => fact.at < day(at));
        // A move is never earlier than a known fact, also if a test clock runs ahead.
        fc.pre(timelineOf(...known).asOf <= day(at));
        const after = timelineOf(...facts, { ...movesIn(at), direction: "out" });
        expect(clipped(after, day(at))).toEqual(clipped(timelineOf(...known), day(at)));
        expect(after.entitlementPeriods.filter(({ end }) => end === null || end > day(at))).toMatchObject([
          { source: "free" },
        ]);
      }),
    );
  });

  test("gives the new user the subscription's plan from then on", () => {
    fc.assert(
      fc.property(anyHistory, when, fc.integer({ min: 0, max: 60 }), (facts, at, later) => {
        const [whole, moved] = [timelineOf(...facts), timelineOf(...facts, movesIn(at))];
        const [expected, got] = [entitlementOn(whole, at + later), entitlementOn(moved, at + later)];
        // The old user's earlier trials and debts limit the old user alone.
        fc.pre(!facts.some((fact) => fact.kind === "snapshot" && fact.state.status === "trialing"));
        if (expected?.source === LOW) expect(got).toMatchObject({ source: LOW, plan: expected.plan });
        else if (expected?.status !== "active") expect(got?.source).toBe("free");
      }),
    );
  });
});
