import { describe, expect, test } from "vitest";
import { product } from "@/lib/config/current-catalog";
import type { Fact, Instant, ProcessorFact, ScheduleFact, SubscriptionState } from "../types";
import { fold } from "./build-timeline";
import { addMonths, DAY_MS, HOUR_MS } from "./calendar";
import { scheduleAfter } from "./scheduled-changes";
import { replaySubscription } from "./subscription-history";

const START = Date.parse("2026-03-01T10:00:00.123Z");
const END = addMonths(START, 1);
const NEXT = addMonths(START, 2);
const titanium: SubscriptionState = {
  plan: "titanium",
  interval: "monthly",
  quantity: 1,
  status: "active",
  periodStart: START,
  periodEnd: END,
  cancelAt: null,
  trialEnd: null,
  collectionPaused: false,
};

let facts = 0;
const origin = (at: Instant) => ({ id: `f${++facts}`, processor: "paddle" as const, subscription: "sub_1", at });
const snapshot = (at: Instant, changes: Partial<SubscriptionState> = {}): ProcessorFact => ({
  kind: "snapshot",
  ...origin(at),
  changeType: "updated",
  state: { ...titanium, ...changes },
  previous: null,
});
const schedule = (at: Instant, plan: string | null): ScheduleFact => ({
  kind: "schedule",
  ...origin(at),
  plan,
  interval: plan === null ? null : "monthly",
});
const timeline = (...all: Fact[]) => fold(product("mail"), all, START);
const planAt = (of: ReturnType<typeof fold>, at: Instant) =>
  of.entitlementPeriods.findLast(({ start }) => start <= at)?.plan;

const began = snapshot(START);
const scheduled = schedule(START + 5 * DAY_MS, "bronze");
const carriedOut = snapshot(END - 3 * HOUR_MS, { plan: "bronze" });
const renewed = snapshot(END, { plan: "bronze", periodStart: END, periodEnd: NEXT });

describe("a scheduled downgrade", () => {
  test("is in the record, and the old limits apply until the period ends, also after it is carried out", () => {
    const before = timeline(began, scheduled);
    expect(before.records).toMatchObject([{ plan: "titanium", scheduled: { plan: "bronze", interval: "monthly" } }]);
    const after = timeline(began, scheduled, carriedOut);
    expect(after.records).toMatchObject([{ plan: "bronze", retainedPlan: "titanium" }]);
    expect(planAt(after, END - HOUR_MS)).toBe("titanium");
  });

  test("applies with the renewal, which resets", () => {
    const after = timeline(began, scheduled, carriedOut, renewed);
    expect(planAt(after, END)).toBe("bronze");
    expect(after.records).toMatchObject([{ scheduled: null, retainedPlan: null }]);
    expect(after.transitions.at(-2)).toMatchObject({ kind: "reset", reason: "Plan change at billing renewal" });
  });

  test("to another interval begins a new period at once and does not retain the old plan", () => {
    const yearly = { ...schedule(START + 5 * DAY_MS, "bronze"), interval: "yearly" as const };
    const at = END - 3 * HOUR_MS;
    const switched = snapshot(at, {
      plan: "bronze",
      interval: "yearly",
      periodStart: at,
      periodEnd: addMonths(at, 12),
    });
    const after = timeline(began, yearly, switched);
    expect(planAt(after, at + HOUR_MS)).toBe("bronze");
    expect(after.records).toMatchObject([{ scheduled: null, retainedPlan: null }]);
    expect(after.flags).toEqual([]);
  });

  test("without a schedule applies at once", () => {
    expect(planAt(timeline(began, carriedOut), END - HOUR_MS)).toBe("bronze");
  });

  test("applies at once if its schedule was withdrawn before", () => {
    const after = timeline(began, scheduled, schedule(START + 6 * DAY_MS, null), carriedOut);
    expect(planAt(after, END - HOUR_MS)).toBe("bronze");
    expect(after.flags).toEqual([]);
  });

  test("waits for the next renewal if it could not be carried out", () => {
    const after = timeline(began, scheduled, snapshot(END, { periodStart: END, periodEnd: NEXT }));
    expect(after.records).toMatchObject([{ plan: "titanium", scheduled: { plan: "bronze" } }]);
  });

  test.each<[string, Partial<SubscriptionState>]>([
    ["another plan", { plan: "silver" }],
    [
      "another interval",
      { interval: "yearly", periodStart: START + 9 * DAY_MS, periodEnd: addMonths(START + 9 * DAY_MS, 12) },
    ],
    ["a cancellation", { cancelAt: END }],
    ["an end", { status: "canceled" }],
  ])("is canceled and flagged by %s from outside", (_, changes) => {
    const at = START + 9 * DAY_MS;
    const after = timeline(began, scheduled, snapshot(at, changes));
    expect(after.records).toMatchObject([{ scheduled: null, retainedPlan: null }]);
    expect(after.flags.filter(({ kind }) => kind === "schedule_canceled")).toHaveLength(1);
  });
});

test("the trace names scheduling and withdrawal", () => {
  const withdrawn = schedule(START + 6 * DAY_MS, null);
  const { trace } = timeline(began, scheduled, withdrawn);
  expect(trace[scheduled.id]).toBe("Plan change scheduled");
  expect(trace[withdrawn.id]).toBe("Scheduled plan change withdrawn");
});

test("a schedule needs a plan, an interval and a live subscription", () => {
  for (const half of [{ interval: null }, { plan: null }]) {
    const fact = { ...schedule(START + 5 * DAY_MS, "bronze"), ...half };
    expect(timeline(began, fact).records).toMatchObject([{ scheduled: null }]);
  }
  expect(timeline(scheduled).records).toEqual([]);
  const ended = snapshot(START + DAY_MS, { status: "canceled" });
  expect(timeline(began, ended, scheduled).records).toMatchObject([{ scheduled: null }]);
});

describe("after the next state", () => {
  const to = { plan: "bronze", interval: "monthly" } as const;
  const mirrorOf = (...all: Fact[]) => {
    const { record } = replaySubscription(all);
    if (record === null) throw new Error("no record");
    return record;
  };
  const open = mirrorOf(began, scheduled);
  const carried = mirrorOf(began, scheduled, carriedOut);

  test.each<[string, Parameters<typeof scheduleAfter>, ReturnType<typeof scheduleAfter>]>([
    [
      "a changed detail keeps the schedule",
      [open, { ...titanium, quantity: 2 } as SubscriptionState, "same"],
      { scheduled: to, retainedPlan: null },
    ],
    [
      "the early change retains the old plan",
      [open, { ...titanium, plan: "bronze" }, "same"],
      { scheduled: to, retainedPlan: "titanium" },
    ],
    [
      "a later update still retains the old plan",
      [carried, { ...titanium, plan: "bronze" }, "same"],
      { scheduled: to, retainedPlan: "titanium" },
    ],
    [
      "its plan with another interval cancels the schedule",
      [open, { ...titanium, plan: "bronze", interval: "yearly" }, "same"],
      { scheduled: null, retainedPlan: null },
    ],
    [
      "another interval alone cancels the schedule",
      [open, { ...titanium, interval: "yearly" }, "same"],
      { scheduled: null, retainedPlan: null },
    ],
    ["a restart cancels the schedule", [open, titanium, "restart"], { scheduled: null, retainedPlan: null }],
    [
      "a cancellation cancels the schedule",
      [open, { ...titanium, cancelAt: END }, "same"],
      { scheduled: null, retainedPlan: null },
    ],
    [
      "an earlier cancellation keeps the schedule",
      [{ ...open, cancelAt: END }, { ...titanium, cancelAt: END }, "same"],
      { scheduled: to, retainedPlan: null },
    ],
    [
      "the withdrawal of a cancellation keeps the schedule",
      [{ ...open, cancelAt: END }, titanium, "same"],
      { scheduled: to, retainedPlan: null },
    ],
    [
      "the renewal ends the schedule",
      [carried, { ...titanium, plan: "bronze" }, "boundary"],
      { scheduled: null, retainedPlan: null },
    ],
    [
      "without a schedule, a retained plan stays retained",
      [{ ...carried, scheduled: null }, { ...titanium, plan: "bronze" }, "same"],
      { scheduled: null, retainedPlan: "titanium" },
    ],
    [
      "a plan change ends the retained plan",
      [{ ...carried, scheduled: null }, { ...titanium, plan: "silver" }, "same"],
      { scheduled: null, retainedPlan: null },
    ],
    [
      "a new subscription has no schedule and no retained plan",
      [null, titanium, "first"],
      { scheduled: null, retainedPlan: null },
    ],
  ])("%s", (_, [record, state, move], expected) => {
    expect(scheduleAfter(record, state, move)).toEqual(expected);
  });
});
