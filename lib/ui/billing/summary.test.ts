import { expect, it } from "vitest";
import type { MeterView, SubscriptionView, UsageView } from "@/lib/billing/schemas/usage-view";
import { byUrgency, summary } from "./summary";

const meter = (field: MeterView["field"], used: number, limit: number): MeterView => ({
  field,
  kind: field === "bays_count" ? "gauge" : "counter",
  used,
  reserved: 0,
  unpaidHeld: 0,
  limit,
  remaining: Math.max(0, limit - used),
  overLimit: used > limit,
});

const view = (
  ...subscriptions: [SubscriptionView["product"], SubscriptionView["status"], MeterView[]][]
): UsageView => ({
  userId: "ada",
  now: "2026-11-20T12:00:00Z",
  subscriptions: subscriptions.map(([product, status, meters]) => ({
    product,
    plan: "free",
    status,
    processor: null,
    interval: null,
    quantity: 1,
    periodStart: null,
    periodEnd: null,
    windowStart: "2026-11-01T00:00:00Z",
    resetsAt: "2026-12-01T00:00:00Z",
    cancelAt: null,
    scheduledPlan: null,
    limitPlan: "free",
    meters,
  })),
});

it("reports that all is within the limits if no meter needs attention", () => {
  const withinLimits = view(["depot", "free", [meter("orders_count", 10, 100), meter("bays_count", 1, 1)]]);
  expect(summary(withinLimits, "en-GB")).toBe("You are within every limit.");
});

it("names open payments first, then the worst meter per product", () => {
  const withAlerts = view(
    ["depot", "active", [meter("orders_count", 90, 100), meter("bays_count", 5, 3)]],
    ["mail", "past_due", [meter("stamps_used", 900, 1_000), meter("parcels_sent", 10, 10)]],
  );
  expect(summary(withAlerts, "en-GB")).toBe(
    "Your last payment for Mail failed. Depot is 2 bays over its limit. Mail has no parcels left for now.",
  );
});

it("lists open payments first, and free plans last", () => {
  const order = (...statuses: SubscriptionView["status"][]) =>
    view(...statuses.map((status) => ["mail" as const, status, []] satisfies [unknown, unknown, unknown]))
      .subscriptions.map((subscription) => ({
        ...subscription,
        plan: subscription.status === "free" ? "free" : "silver",
      }))
      .toSorted(byUrgency)
      .map(({ status }) => status);
  expect(order("free", "active", "past_due")).toEqual(["past_due", "active", "free"]);
  expect(order("active", "trialing")).toEqual(["active", "trialing"]);
});
