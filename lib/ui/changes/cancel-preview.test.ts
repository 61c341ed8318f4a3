import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test, vi } from "vitest";
import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { CancelPreview } from "./cancel-preview";

// The time zone comes from the request.
vi.mock("../time/instant", () => ({ Instant: ({ at }: { at: string }) => at.slice(0, 10) }));

const NOW = "2026-11-27T10:00:00.000Z";
const active: SubscriptionView = {
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
const FREE = "After that you are on Free: 500 stamps a day, 10 parcels a day.";
const UNDO = "You can undo the cancellation until then.";

function linesOf(changes: Partial<SubscriptionView>): string[] {
  const subscription = { ...active, ...changes };
  const html = renderToStaticMarkup(createElement(CancelPreview, { subscription, now: NOW, locale: "en-GB" }));
  return [...html.matchAll(/<li>(.*?)<\/li>/g)].map(([, line = ""]) => line.replaceAll("<!-- -->", ""));
}

test.each<[string, Partial<SubscriptionView>, string[]]>([
  [
    "an active plan",
    {},
    ["You can use Silver until 2026-12-27, since it is paid until then. Nothing more is charged.", FREE, UNDO],
  ],
  ["a trial", { status: "trialing" }, ["Your trial continues until 2026-12-27. Nothing is charged.", FREE, UNDO]],
  [
    "a plan with a failed payment",
    { status: "past_due" },
    [
      "The cancellation ends Silver on 2026-12-27. The failed payment stays open; later periods are not charged.",
      FREE,
      UNDO,
    ],
  ],
  [
    "a plan after its grace",
    { status: "unpaid", plan: "free", limitPlan: "free" },
    ["The cancellation ends your Mail subscription immediately, and nothing more is charged.", FREE],
  ],
])("the effects for %s", (_, changes, lines) => {
  expect(linesOf(changes)).toEqual(lines);
});
