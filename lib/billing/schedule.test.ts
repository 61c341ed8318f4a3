import { describe, expect, test } from "vitest";
import { product } from "./catalog";
import type { Fact, Image, Instant, ProcessorFact, ScheduleFact } from "./facts";
import { addMonths, DAY, HOUR } from "./period";
import { fold } from "./timeline";

const START = Date.parse("2026-03-01T10:00:00.123Z");
const END = addMonths(START, 1);
const NEXT = addMonths(START, 2);
const ultra: Image = {
  plan: "ultra",
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
const snapshot = (at: Instant, changes: Partial<Image> = {}): ProcessorFact => ({
  kind: "snapshot",
  ...origin(at),
  life: "updated",
  image: { ...ultra, ...changes },
  before: null,
});
const schedule = (at: Instant, plan: string | null): ScheduleFact => ({
  kind: "schedule",
  ...origin(at),
  plan,
  interval: plan === null ? null : "monthly",
});
const timeline = (...all: Fact[]) => fold(product("writer"), all, START);
const planAt = (of: ReturnType<typeof fold>, at: Instant) => of.segments.findLast(({ start }) => start <= at)?.plan;

const began = snapshot(START);
const scheduled = schedule(START + 5 * DAY, "basic");
const carriedOut = snapshot(END - 3 * HOUR, { plan: "basic" });
const renewed = snapshot(END, { plan: "basic", periodStart: END, periodEnd: NEXT });

describe("a scheduled downgrade", () => {
  test("is shown, and gives the old limits until the period ends, also once it is carried out", () => {
    const before = timeline(began, scheduled);
    expect(before.mirrors).toMatchObject([{ plan: "ultra", scheduled: { plan: "basic", interval: "monthly" } }]);
    const after = timeline(began, scheduled, carriedOut);
    expect(after.mirrors).toMatchObject([{ plan: "basic", heldPlan: "ultra" }]);
    expect(planAt(after, END - HOUR)).toBe("ultra");
  });

  test("comes into force with the renewal, which resets", () => {
    const after = timeline(began, scheduled, carriedOut, renewed);
    expect(planAt(after, END)).toBe("basic");
    expect(after.mirrors).toMatchObject([{ scheduled: null, heldPlan: null }]);
    expect(after.openings.at(-2)).toMatchObject({ by: "reset", reason: "Plan change at billing renewal" });
  });

  test("by somebody else, without a schedule, counts at once", () => {
    expect(planAt(timeline(began, carriedOut), END - HOUR)).toBe("basic");
  });

  test("taken back, a later change to that plan is not ours any more", () => {
    const after = timeline(began, scheduled, schedule(START + 6 * DAY, null), carriedOut);
    expect(planAt(after, END - HOUR)).toBe("basic");
    expect(after.flags).toEqual([]);
  });

  test("waits for the next renewal where it could not be carried out", () => {
    const after = timeline(began, scheduled, snapshot(END, { periodStart: END, periodEnd: NEXT }));
    expect(after.mirrors).toMatchObject([{ plan: "ultra", scheduled: { plan: "basic" } }]);
  });

  test.each<[string, Partial<Image>]>([
    ["another plan", { plan: "plus" }],
    [
      "another interval",
      { interval: "yearly", periodStart: START + 9 * DAY, periodEnd: addMonths(START + 9 * DAY, 12) },
    ],
    ["a cancellation", { cancelAt: END }],
    ["the end", { status: "canceled" }],
  ])("is canceled and flagged by %s that is not ours", (_, changes) => {
    const at = START + 9 * DAY;
    const after = timeline(began, scheduled, snapshot(at, changes));
    expect(after.mirrors).toMatchObject([{ scheduled: null, heldPlan: null }]);
    expect(after.flags.filter(({ kind }) => kind === "schedule_canceled")).toHaveLength(1);
  });
});
