import { expect, it } from "vitest";
import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import type { Price } from "@/lib/config/catalog";
import { findPlan } from "@/lib/config/current-catalog";
import { planOption, purchaseState } from "./plan-options";

const office = (changes: Partial<SubscriptionView>, depot = 0): SubscriptionView => ({
  product: "depot",
  plan: "office",
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
  limitPlan: "office",
  meters: [
    {
      field: "bays_count",
      kind: "gauge",
      used: depot,
      reserved: 0,
      unpaidHeld: 0,
      limit: 10,
      remaining: 10 - depot,
      overLimit: false,
    },
  ],
  ...changes,
});
const soldByCatalog = ({ product, plan, interval }: Price) => findPlan(product, plan)?.price[interval] != null;
const free = office({ plan: "free", status: "free", processor: null, interval: null });
const choose = (plan: string, subscription: SubscriptionView | null, interval: "monthly" | "yearly" = "monthly") =>
  planOption({ product: "depot", plan, interval, subscription, sold: soldByCatalog, locale: "en" });

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
  expect(choose("solo", null)).toEqual({ kind: "start" });
  expect(choose("solo", free)).toEqual({ kind: "start" });
  expect(choose("free", free)).toEqual({ kind: "current", undo: null });
});

it("offers changes to users with a plan", () => {
  expect(choose("company", office({}))).toEqual({ kind: "change", direction: "up" });
  expect(choose("solo", office({}))).toEqual({ kind: "change", direction: "down" });
  expect(choose("office", office({}))).toEqual({ kind: "current", undo: null });
  expect(choose("office", office({}), "yearly")).toEqual({ kind: "change", direction: "interval" });
  expect(choose("free", office({}))).toEqual({ kind: "cancel" });
});

it("names the number of items to delete first", () => {
  expect(choose("solo", office({}, 5))).toEqual({
    kind: "blocked",
    reason: "You have 5 bays and Solo allows 3: delete 2 to switch.",
    help: { text: "Go to your bays", href: "/bays" },
  });
  expect(choose("solo", office({}, 3)).kind).toBe("change");
  expect(choose("solo", { ...free, meters: office({}, 4).meters }).kind).toBe("blocked");
});

it("marks a scheduled plan, and allows undoing it", () => {
  const switching = office({ scheduledPlan: "solo" });
  expect(choose("solo", switching)).toEqual({ kind: "scheduled" });
  expect(choose("office", switching)).toEqual({ kind: "current", undo: "schedule" });
  const leaving = office({ cancelAt: "2026-12-01T00:00:00Z" });
  expect(choose("free", leaving)).toEqual({ kind: "scheduled" });
  expect(choose("office", leaving)).toEqual({ kind: "current", undo: "cancel" });
  expect(choose("company", leaving)).toMatchObject({
    kind: "blocked",
    reason: "Your plan is canceled. Keep it first, then switch.",
  });
});

it("blocks plans while a payment is open or the subscription is paused", () => {
  expect(choose("company", office({ status: "past_due" }))).toMatchObject({ kind: "blocked" });
  expect(choose("company", office({ status: "paused", plan: "free" }))).toMatchObject({ kind: "blocked" });
});

it("blocks a change from a price that the catalog does not list", () => {
  expect(choose("company", office({ interval: null }))).toMatchObject({
    kind: "blocked",
    reason: "Your subscription has a price that cannot be changed here.",
  });
  expect(choose("office", office({ interval: null }))).toEqual({ kind: "current", undo: null });
});
