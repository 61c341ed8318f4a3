import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test, vi } from "vitest";
import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import type { Price } from "@/lib/config/catalog";
import type { Processor } from "@/lib/config/terms";
import { PlanGrid } from "./plan-grid";

vi.mock("next/navigation", () => ({ useRouter: () => ({ refresh: () => undefined }) }));

type Sold = (processor: Processor, price: Price) => boolean;

function plansOf(sold: Sold, interval: "monthly" | "yearly" = "monthly", subscription: SubscriptionView | null = null) {
  const html = renderToStaticMarkup(
    createElement(PlanGrid, {
      product: "mail",
      interval,
      processor: "stripe",
      offer: { sold },
      code: null,
      subscription,
      actions: { start: async () => null, resume: async () => null },
      currentPath: "/pricing",
      chosen: null,
      locale: "en-GB",
    } as Parameters<typeof PlanGrid>[0]),
  );
  const texts = html.split("<h3").map((each) => each.replace(/<[^>]*>/g, " "));
  return {
    names: [...html.matchAll(/<h3[^>]*>([^<]+)/g)].map(([, name]) => name),
    textOf: (plan: string) => texts.find((each) => each.includes(plan)) ?? "",
  };
}

test("the grid offers the free plan and each plan that the processor has a price for", () => {
  expect(plansOf(() => true).names).toEqual(["Free", "Bronze", "Silver", "Titanium"]);
  expect(plansOf((_, { plan }) => plan !== "silver").names).toEqual(["Free", "Bronze", "Titanium"]);
  expect(plansOf(() => false).names).toEqual(["Free"]);
});

test("a plan without a price by the chosen interval names the other one, and no saving", () => {
  const monthlyOnly: Sold = (_, { plan, interval }) => plan !== "silver" || interval === "monthly";
  const { names, textOf } = plansOf(monthlyOnly, "yearly");
  expect(names).toContain("Silver");
  expect(textOf("Silver")).toMatch(/Not sold yearly.*Only billed monthly\./);
  const yearlyOnly: Sold = (_, { plan, interval }) => plan !== "silver" || interval === "yearly";
  expect(plansOf(yearlyOnly, "yearly").textOf("Silver")).not.toContain("less than monthly");
});

test("a user's own plan stays, and changes are those of the subscription's processor", () => {
  const silver: SubscriptionView = {
    product: "mail",
    plan: "silver",
    status: "active",
    processor: "paddle",
    interval: "monthly",
    quantity: 1,
    periodStart: "2026-11-01T00:00:00Z",
    periodEnd: "2026-12-01T00:00:00Z",
    windowStart: "2026-11-01T00:00:00Z",
    resetsAt: "2026-12-01T00:00:00Z",
    cancelAt: null,
    scheduledPlan: null,
    limitPlan: "silver",
    meters: [],
  };
  const sold: Sold = (processor, { plan }) => processor === "paddle" && plan === "titanium";
  expect(plansOf(sold, "monthly", silver).names).toEqual(["Free", "Silver", "Titanium"]);
});
