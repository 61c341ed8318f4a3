import { expect, it } from "vitest";
import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { planOption, purchaseState } from "./plan-options";

const mine = (given: Partial<SubscriptionView>, chatbots = 0): SubscriptionView => ({
  product: "chatbots",
  plan: "growth",
  status: "active",
  processor: "stripe",
  interval: "monthly",
  quantity: 1,
  periodStart: "2026-11-01T00:00:00Z",
  periodEnd: "2026-12-01T00:00:00Z",
  windowStart: "2026-11-01T00:00:00Z",
  resetsAt: "2026-12-01T00:00:00Z",
  cancelAt: null,
  scheduledPlan: null,
  limitPlan: "growth",
  meters: [
    {
      field: "chatbots_count",
      kind: "gauge",
      used: chatbots,
      reserved: 0,
      unpaidHeld: 0,
      limit: 10,
      remaining: 10 - chatbots,
      overLimit: false,
    },
  ],
  ...given,
});
const free = mine({ plan: "free", status: "free", processor: null, interval: null });
const choose = (plan: string, subscription: SubscriptionView | null, interval: "monthly" | "yearly" = "monthly") =>
  planOption({ product: "chatbots", plan, interval, subscription, locale: "en" });

it.each([
  [null, "free", "none"],
  [null, "canceled", "none"],
  ["stripe", "incomplete_expired", "none"],
  ["stripe", "active", "live"],
  ["paddle", "trialing", "live"],
  ["stripe", "past_due", "open"],
  ["stripe", "unpaid", "open"],
  ["stripe", "paused", "paused"],
  ["stripe", "incomplete", "pending"],
] as const)("a subscription at %s with status %s is in the state %s", (processor, status, state) => {
  expect(purchaseState({ processor, status })).toBe(state);
});

it("offers a checkout to readers without a subscription, signed in or not", () => {
  expect(choose("starter", null)).toEqual({ kind: "start" });
  expect(choose("starter", free)).toEqual({ kind: "start" });
  expect(choose("free", free)).toEqual({ kind: "current", undo: null });
});

it("offers changes to readers with a plan", () => {
  expect(choose("business", mine({}))).toEqual({ kind: "change", direction: "up" });
  expect(choose("starter", mine({}))).toEqual({ kind: "change", direction: "down" });
  expect(choose("growth", mine({}))).toEqual({ kind: "current", undo: null });
  expect(choose("growth", mine({}), "yearly")).toEqual({ kind: "change", direction: "interval" });
  expect(choose("free", mine({}))).toEqual({ kind: "cancel" });
});

it("names the number to delete first", () => {
  expect(choose("starter", mine({}, 5))).toEqual({
    kind: "blocked",
    why: "You have 5 chatbots and Starter allows 3: delete 2 to switch.",
    help: { text: "Go to your chatbots", href: "/chatbots" },
  });
  expect(choose("starter", mine({}, 3)).kind).toBe("change");
  expect(choose("starter", { ...free, meters: mine({}, 4).meters }).kind).toBe("blocked");
});

it("marks a scheduled plan, and allows undoing it", () => {
  const switching = mine({ scheduledPlan: "starter" });
  expect(choose("starter", switching)).toEqual({ kind: "scheduled" });
  expect(choose("growth", switching)).toEqual({ kind: "current", undo: "schedule" });
  const leaving = mine({ cancelAt: "2026-12-01T00:00:00Z" });
  expect(choose("free", leaving)).toEqual({ kind: "scheduled" });
  expect(choose("growth", leaving)).toEqual({ kind: "current", undo: "cancel" });
  expect(choose("business", leaving)).toMatchObject({ kind: "blocked", why: "Your plan is canceled: keep it first." });
});

it("asks for the open payment first", () => {
  expect(choose("business", mine({ status: "past_due" }))).toMatchObject({ kind: "blocked" });
  expect(choose("business", mine({ status: "paused", plan: "free" }))).toMatchObject({ kind: "blocked" });
});
