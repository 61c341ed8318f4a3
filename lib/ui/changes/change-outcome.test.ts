import { expect, it } from "vitest";
import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { changeOutcomePath, readChangeOutcome } from "./change-outcome-notice";
import { subscriptionFingerprint } from "./subscription-fingerprint";

const subscription = (changes: Partial<SubscriptionView>) =>
  ({
    product: "mail",
    plan: "silver",
    interval: "monthly",
    status: "active",
    cancelAt: null,
    scheduledPlan: null,
    ...changes,
  }) as SubscriptionView;
const parameters = (path: string) => Object.fromEntries(new URL(path, "http://x").searchParams);
const pending = parameters(changeOutcomePath("pending", "mail", subscriptionFingerprint(subscription({}))));

it.each<[string, Partial<SubscriptionView>]>([
  ["another plan", { plan: "titanium" }],
  ["another interval", { interval: "yearly" }],
  ["a cancellation", { cancelAt: "2026-12-01T00:00:00Z" }],
  ["a scheduled plan", { scheduledPlan: "bronze" }],
  ["another status", { status: "paused" }],
])("a pending change is done after %s", (_, changes) => {
  expect(readChangeOutcome(pending, [subscription({})])).toBe("pending");
  expect(readChangeOutcome(pending, [subscription(changes)])).toBe("done");
});

it("stays pending if only the usage changes", () => {
  expect(readChangeOutcome(pending, [subscription({ meters: [] })])).toBe("pending");
});

it("ignores addresses that we did not create", () => {
  expect(readChangeOutcome({}, [subscription({})])).toBeNull();
  expect(readChangeOutcome({ changed: "constructor" }, [subscription({})])).toBeNull();
  expect(readChangeOutcome({ changed: "pending", product: "__proto__" }, [subscription({})])).toBeNull();
  expect(readChangeOutcome({ changed: "done" }, [subscription({})])).toBeNull();
});
