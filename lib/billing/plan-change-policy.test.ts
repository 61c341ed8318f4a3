import { describe, expect, test } from "vitest";
import { product } from "@/lib/config/current-catalog";
import { type PlanSelection, planChoice } from "./plan-change-policy";
import type { SubscriptionRecord } from "./types";

const START = Date.UTC(2026, 2, 1);
const END = Date.UTC(2026, 3, 1);
const plus: SubscriptionRecord = {
  processor: "stripe",
  subscription: "sub_1",
  plan: "plus",
  interval: "monthly",
  quantity: 1,
  status: "active",
  periodStart: START,
  periodEnd: END,
  cancelAt: null,
  trialEnd: null,
  collectionPaused: false,
  updatedAt: START,
  endedAt: null,
  absent: false,
  unlisted: false,
  pastDueSince: null,
  scheduled: null,
  retainedPlan: null,
};
const yearly = { ...plus, interval: "yearly" } as const;

describe("more is given now, less with the next period", () => {
  test.each<[string, SubscriptionRecord, PlanSelection, "now" | "period_end"]>([
    ["a higher plan", plus, { plan: "ultra", interval: "monthly" }, "now"],
    ["a higher plan, by the year", plus, { plan: "ultra", interval: "yearly" }, "now"],
    ["a higher plan, by the month instead of the year", yearly, { plan: "ultra", interval: "monthly" }, "now"],
    ["the same plan by the year", plus, { plan: "plus", interval: "yearly" }, "now"],
    ["the same plan by the month", yearly, { plan: "plus", interval: "monthly" }, "period_end"],
    ["a lower plan", plus, { plan: "basic", interval: "monthly" }, "period_end"],
    ["a lower plan by the year", plus, { plan: "basic", interval: "yearly" }, "period_end"],
    ["in a trial too", { ...plus, status: "trialing" }, { plan: "ultra", interval: "monthly" }, "now"],
  ])("%s", (_, record, to, timing) => {
    expect(planChoice(product("writer"), record, to)).toEqual({ kind: "change", timing });
  });
});

describe("the current plan", () => {
  const same = { plan: "plus", interval: "monthly" } as const;
  const scheduled = { plan: "basic", interval: "monthly" } as const;

  test("is no change", () => {
    expect(planChoice(product("writer"), plus, same)).toEqual({ kind: "refused", reason: "already_on_plan" });
  });

  test("undoes a scheduled change, also if the processor has carried it out already", () => {
    expect(planChoice(product("writer"), { ...plus, scheduled }, same)).toEqual({ kind: "undo" });
    const carriedOut = { ...plus, plan: "basic", retainedPlan: "plus", scheduled };
    expect(planChoice(product("writer"), carriedOut, same)).toEqual({ kind: "undo" });
    expect(planChoice(product("writer"), carriedOut, { plan: "basic", interval: "monthly" })).toEqual({
      kind: "change",
      timing: "period_end",
    });
  });
});

describe("is refused, and the free plan never", () => {
  test.each<[string, Partial<SubscriptionRecord>]>([
    ["payment_open", { status: "past_due" }],
    ["payment_open", { status: "unpaid" }],
    ["payment_open", { status: "incomplete" }],
    ["subscription_paused", { status: "paused" }],
    ["subscription_paused", { collectionPaused: true }],
    ["cancellation_scheduled", { cancelAt: END }],
    ["unknown_price", { plan: null }],
  ])("%s", (reason, changes) => {
    const record = { ...plus, ...changes };
    expect(planChoice(product("writer"), record, { plan: "ultra", interval: "monthly" })).toEqual({
      kind: "refused",
      reason,
    });
    expect(planChoice(product("writer"), record, { plan: "free", interval: "monthly" })).toEqual({ kind: "cancel" });
  });
});
