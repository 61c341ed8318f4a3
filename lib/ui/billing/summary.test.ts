import { expect, it } from "vitest";
import type { MeterView, SubscriptionView, UsageView } from "@/lib/billing/schemas/usage-view";
import { byUrgency, summary } from "./summary";

const meter = (field: MeterView["field"], used: number, limit: number): MeterView => ({
  field,
  kind: field === "chatbots_count" ? "gauge" : "counter",
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
  const withinLimits = view(["chatbots", "free", [meter("messages_count", 10, 100), meter("chatbots_count", 1, 1)]]);
  expect(summary(withinLimits, "en-GB")).toBe("You are within every limit.");
});

it("names open payments first, then the worst meter per product", () => {
  const withAlerts = view(
    ["chatbots", "active", [meter("messages_count", 90, 100), meter("chatbots_count", 5, 3)]],
    ["writer", "past_due", [meter("words_used", 900, 1_000), meter("transformations_used", 10, 10)]],
  );
  expect(summary(withAlerts, "en-GB")).toBe(
    "Your last payment for Writer failed. Chatbots is 2 chatbots over its limit. Writer has no transformations left for now.",
  );
});

it("lists open payments first, and free plans last", () => {
  const order = (...statuses: SubscriptionView["status"][]) =>
    view(...statuses.map((status) => ["writer" as const, status, []] satisfies [unknown, unknown, unknown]))
      .subscriptions.map((subscription) => ({
        ...subscription,
        plan: subscription.status === "free" ? "free" : "plus",
      }))
      .toSorted(byUrgency)
      .map(({ status }) => status);
  expect(order("free", "active", "past_due")).toEqual(["past_due", "active", "free"]);
  expect(order("active", "trialing")).toEqual(["active", "trialing"]);
});
