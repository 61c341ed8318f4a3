import { expect, it } from "vitest";
import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { changedOf, changedPath } from "./changed-notice";
import { standingMark } from "./standing-mark";

const mine = (given: Partial<SubscriptionView>) =>
  ({
    product: "writer",
    plan: "plus",
    interval: "monthly",
    status: "active",
    cancelAt: null,
    scheduledPlan: null,
    ...given,
  }) as SubscriptionView;
const parameters = (path: string) => Object.fromEntries(new URL(path, "http://x").searchParams);
const asked = parameters(changedPath("pending", "writer", standingMark(mine({}))));

it.each<[string, Partial<SubscriptionView>]>([
  ["another plan", { plan: "ultra" }],
  ["another interval", { interval: "yearly" }],
  ["a cancellation", { cancelAt: "2026-12-01T00:00:00Z" }],
  ["a scheduled plan", { scheduledPlan: "basic" }],
  ["another status", { status: "paused" }],
])("a pending change is done with %s", (_, given) => {
  expect(changedOf(asked, [mine({})])).toBe("pending");
  expect(changedOf(asked, [mine(given)])).toBe("done");
});

it("is not done by use", () => {
  expect(changedOf(asked, [mine({ meters: [] })])).toBe("pending");
});

it("says nothing of addresses that nobody was sent to", () => {
  expect(changedOf({}, [mine({})])).toBeNull();
  expect(changedOf({ changed: "constructor" }, [mine({})])).toBeNull();
  expect(changedOf({ changed: "pending", product: "__proto__" }, [mine({})])).toBeNull();
  expect(changedOf({ changed: "done" }, [mine({})])).toBeNull();
});
