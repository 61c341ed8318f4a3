import { expect, it } from "vitest";
import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { planOption, purchaseState } from "./plan-options";

const growth = (changes: Partial<SubscriptionView>, chatbots = 0): SubscriptionView => ({
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
  ...changes,
});
const free = growth({ plan: "free", status: "free", processor: null, interval: null });
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

it("offers a checkout to users without a subscription, and to signed-out visitors", () => {
  expect(choose("starter", null)).toEqual({ kind: "start" });
  expect(choose("starter", free)).toEqual({ kind: "start" });
  expect(choose("free", free)).toEqual({ kind: "current", undo: null });
});

it("offers changes to users with a plan", () => {
  expect(choose("business", growth({}))).toEqual({ kind: "change", direction: "up" });
  expect(choose("starter", growth({}))).toEqual({ kind: "change", direction: "down" });
  expect(choose("growth", growth({}))).toEqual({ kind: "current", undo: null });
  expect(choose("growth", growth({}), "yearly")).toEqual({ kind: "change", direction: "interval" });
  expect(choose("free", growth({}))).toEqual({ kind: "cancel" });
});

it("names the number of items to delete first", () => {
  expect(choose("starter", growth({}, 5))).toEqual({
    kind: "blocked",
    reason: "You have 5 chatbots and Starter allows 3: delete 2 to switch.",
    help: { text: "Go to your chatbots", href: "/chatbots" },
  });
  expect(choose("starter", growth({}, 3)).kind).toBe("change");
  expect(choose("starter", { ...free, meters: growth({}, 4).meters }).kind).toBe("blocked");
});

it("marks a scheduled plan, and allows undoing it", () => {
  const switching = growth({ scheduledPlan: "starter" });
  expect(choose("starter", switching)).toEqual({ kind: "scheduled" });
  expect(choose("growth", switching)).toEqual({ kind: "current", undo: "schedule" });
  const leaving = growth({ cancelAt: "2026-12-01T00:00:00Z" });
  expect(choose("free", leaving)).toEqual({ kind: "scheduled" });
  expect(choose("growth", leaving)).toEqual({ kind: "current", undo: "cancel" });
  expect(choose("business", leaving)).toMatchObject({
    kind: "blocked",
    reason: "Your plan is canceled. Keep it first, then switch.",
  });
});

it("blocks plans while a payment is open or the subscription is paused", () => {
  expect(choose("business", growth({ status: "past_due" }))).toMatchObject({ kind: "blocked" });
  expect(choose("business", growth({ status: "paused", plan: "free" }))).toMatchObject({ kind: "blocked" });
});

it("blocks a change from a price that the catalog does not list", () => {
  expect(choose("business", growth({ interval: null }))).toMatchObject({
    kind: "blocked",
    reason: "Your subscription has a price that cannot be changed here.",
  });
  expect(choose("growth", growth({ interval: null }))).toEqual({ kind: "current", undo: null });
});
