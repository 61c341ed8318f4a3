import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test, vi } from "vitest";
import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { SubscriptionCard } from "./subscription-card";

// The zone comes from the request, and the buttons need the app's router.
vi.mock("../time/instant", () => ({ Instant: ({ at }: { at: string }) => at.slice(0, 10) }));
vi.mock("./card-buttons", () => ({ CardButtons: () => null }));
vi.mock("./window-line", () => ({ WindowLine: () => null }));

const NOW = "2026-11-27T10:00:00.000Z";
const silver: SubscriptionView = {
  product: "mail",
  plan: "silver",
  status: "active",
  processor: "stripe",
  interval: "monthly",
  quantity: 1,
  periodStart: NOW,
  periodEnd: "2026-12-27T10:00:00.000Z",
  windowStart: NOW,
  resetsAt: "2026-12-27T10:00:00.000Z",
  cancelAt: null,
  scheduledPlan: null,
  limitPlan: "silver",
  meters: [],
};

/** The card's header as text, one line for each paragraph. */
function headerOf(subscription: SubscriptionView): string[] {
  const actions = {} as Parameters<typeof SubscriptionCard>[0]["actions"];
  const html = renderToStaticMarkup(
    createElement(SubscriptionCard, { subscription, actions, now: NOW, locale: "en-GB" }),
  );
  const [, header = ""] = /<header[^>]*>(.*?)<\/header>/.exec(html) ?? [];
  return [...header.matchAll(/<p[^>]*>(.*?)<\/p>/g)].map(([, line = ""]) => line.replaceAll(/<[^>]+>|<!-- -->/g, ""));
}

test("the discounts are listed below the price", () => {
  const [price, ...none] = headerOf(silver);
  expect(price).toContain("a month");
  expect(none).toEqual([]);
  const spring = {
    id: "spring20",
    name: "Spring",
    code: "SPRING",
    off: { percent: 20 },
    endsAt: "2027-03-03T00:00:00Z",
  };
  const granted = { id: "thanks", name: "Thank you", code: null, off: { amount: 500, currency: "USD" }, endsAt: null };
  expect(headerOf({ ...silver, discounts: [spring, granted] })).toEqual([
    price,
    "20% off until 2027-03-03 (code SPRING)",
    "$5 off (Thank you)",
  ]);
});

test("a view without discounts, from an older cache entry, shows the price", () => {
  expect(headerOf({ ...silver, discounts: undefined })).toHaveLength(1);
});
