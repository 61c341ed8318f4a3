import { describe, expect, test } from "vitest";
import { product } from "@/lib/config/current-catalog";
import { type PlanSelection, planChoice } from "./plan-change-policy";
import type { SubscriptionRecord } from "./types";

const START = Date.UTC(2026, 2, 1);
const END = Date.UTC(2026, 3, 1);
const silver: SubscriptionRecord = {
  processor: "stripe",
  subscription: "sub_1",
  plan: "silver",
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
const yearly = { ...silver, interval: "yearly" } as const;

describe("an upgrade applies now, and a downgrade at the period's end", () => {
  test.each<[string, SubscriptionRecord, PlanSelection, "now" | "period_end"]>([
    ["a higher plan", silver, { plan: "titanium", interval: "monthly" }, "now"],
    ["a higher plan, by the year", silver, { plan: "titanium", interval: "yearly" }, "now"],
    ["a higher plan, by the month instead of the year", yearly, { plan: "titanium", interval: "monthly" }, "now"],
    ["the same plan by the year", silver, { plan: "silver", interval: "yearly" }, "now"],
    ["the same plan by the month", yearly, { plan: "silver", interval: "monthly" }, "period_end"],
    ["a lower plan", silver, { plan: "bronze", interval: "monthly" }, "period_end"],
    ["a lower plan by the year", silver, { plan: "bronze", interval: "yearly" }, "period_end"],
    ["a higher plan in a trial", { ...silver, status: "trialing" }, { plan: "titanium", interval: "monthly" }, "now"],
  ])("%s", (_, record, to, timing) => {
    expect(planChoice(product("mail"), record, to)).toEqual({ kind: "change", timing });
  });
});

describe("the current plan", () => {
  const same = { plan: "silver", interval: "monthly" } as const;
  const scheduled = { plan: "bronze", interval: "monthly" } as const;

  test("is refused as a target", () => {
    expect(planChoice(product("mail"), silver, same)).toEqual({ kind: "refused", reason: "already_on_plan" });
  });

  test("undoes a scheduled change, also if the processor has carried it out already", () => {
    expect(planChoice(product("mail"), { ...silver, scheduled }, same)).toEqual({ kind: "undo" });
    const carriedOut = { ...silver, plan: "bronze", retainedPlan: "silver", scheduled };
    expect(planChoice(product("mail"), carriedOut, same)).toEqual({ kind: "undo" });
    expect(planChoice(product("mail"), carriedOut, { plan: "bronze", interval: "monthly" })).toEqual({
      kind: "change",
      timing: "period_end",
    });
  });
});

describe("a change is refused, except one to the free plan, for the reason", () => {
  test.each<[string, Partial<SubscriptionRecord>]>([
    ["payment_open", { status: "past_due" }],
    ["payment_open", { status: "unpaid" }],
    ["payment_open", { status: "incomplete" }],
    ["subscription_paused", { status: "paused" }],
    ["subscription_paused", { collectionPaused: true }],
    ["cancellation_scheduled", { cancelAt: END }],
    ["unknown_price", { plan: null }],
  ])("%s", (reason, changes) => {
    const record = { ...silver, ...changes };
    expect(planChoice(product("mail"), record, { plan: "titanium", interval: "monthly" })).toEqual({
      kind: "refused",
      reason,
    });
    expect(planChoice(product("mail"), record, { plan: "free", interval: "monthly" })).toEqual({ kind: "cancel" });
  });
});
