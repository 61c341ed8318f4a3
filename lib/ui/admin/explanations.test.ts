import { describe, expect, onTestFinished, test } from "vitest";
import type { MeterView, SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { provideConfig } from "@/lib/config/current-catalog";
import config from "@/tests/support/acme/catalog";
import { describeSubscription, explainRefusal, explainWindow } from "./explanations";

const READING = { locale: "en-GB", zone: "UTC", now: Date.UTC(2026, 5, 10) };

const stamps = (changes: Partial<MeterView> = {}): MeterView => ({
  field: "stamps_used",
  kind: "counter",
  used: 4_900,
  reserved: 0,
  unpaidHeld: 0,
  limit: 5_000,
  remaining: 100,
  overLimit: false,
  ...changes,
});

const bronze = (meter: MeterView, changes: Partial<SubscriptionView> = {}): SubscriptionView => ({
  product: "mail",
  plan: "bronze",
  limitPlan: "bronze",
  status: "active",
  processor: "stripe",
  interval: "monthly",
  quantity: 1,
  periodStart: "2026-06-01T00:00:00.000Z",
  periodEnd: "2026-07-01T00:00:00.000Z",
  windowStart: "2026-06-01T00:00:00.000Z",
  resetsAt: "2026-07-01T00:00:00.000Z",
  cancelAt: null,
  scheduledPlan: null,
  meters: [meter],
  ...changes,
});

const explain = (subscription: SubscriptionView, amount: number) =>
  explainRefusal(subscription, subscription.meters[0]?.field ?? "", amount, READING);

describe("the explanation of a refusal", () => {
  test("names plan, limit, used, window and reset; an amount within the limit is allowed", () => {
    expect(explain(bronze(stamps()), 101)).toEqual({
      allowed: false,
      sentence:
        "Mail Bronze allows 5,000 stamps from 1 June at 00:00 to 1 July at 00:00. 4,900 used: 100 left. 101 stamps would be refused. It resets on 1 July at 00:00.",
    });
    expect(explain(bronze(stamps()), 100)).toMatchObject({ allowed: true });
  });

  test("names the reserved and withheld units, and a payment that would help", () => {
    const withheld = stamps({ used: 1_000, reserved: 200, unpaidHeld: 3_000, remaining: 800 });
    const { sentence } = explain(bronze(withheld), 801) ?? { sentence: "" };
    expect(sentence).toContain(
      "1,000 used, 200 reserved for running work and 3,000 withheld until a payment arrives: 800 left.",
    );
    expect(sentence).toContain("Paying the open invoice would allow it.");
    expect(explain(bronze(withheld), 3_801)?.sentence).not.toContain("would allow it");
  });

  test("names an override, an unpaid plan, and a gauge without a window", () => {
    expect(explain(bronze(stamps({ limit: 6_000, remaining: 1_100 })), 1)?.sentence).toContain(
      "6,000 stamps (limit override)",
    );
    expect(explain(bronze(stamps(), { plan: "titanium" }), 1)?.sentence).toContain(
      "(the plan is Titanium, whose payment is open)",
    );
    const gauge = stamps({ field: "bays_count", kind: "gauge", used: 1, limit: 1, remaining: 0 });
    const depot = bronze(gauge, { product: "depot", plan: "free", limitPlan: "free" });
    expect(explain(depot, 1)?.sentence).toBe("Depot Free allows 1 bay. 1 used: 0 left. 1 bay would be refused.");
  });

  test("names no override if the plan's limit grows with the quantity", () => {
    const catalog = structuredClone(config);
    Object.assign(catalog.products.mail?.plans.bronze ?? {}, { perQuantity: true });
    provideConfig(catalog);
    onTestFinished(() => provideConfig(config));
    const meter = stamps({ limit: 15_000, remaining: 10_100 });
    expect(explain(bronze(meter, { quantity: 3 }), 1)?.sentence).toContain("Bronze allows 15,000 stamps from");
    expect(explain(bronze(meter, { quantity: 2 }), 1)?.sentence).toContain("15,000 stamps (limit override)");
  });
});

test("the explanation of a window names its initial usage, its credited units and its withheld units", () => {
  const window = {
    product: "mail",
    source: "stripe:sub_1",
    openedAt: "2026-06-01T00:00:00.000Z",
    windowStart: "2026-06-01T00:00:00.000Z",
    windowEnd: "2026-07-01T00:00:00.000Z",
    transitionKind: "carry_over",
    reason: "Billing cycle restarted mid-period",
    opening: { stamps_used: 900, parcels_sent: 0 },
    credited: { stamps_used: 4_100, parcels_sent: 1 },
    unpaidHeld: { stamps_used: 4_100 },
  } as const;
  expect(explainWindow(window, READING)).toBe(
    "The window from 1 June to 1 July of stripe:sub_1 began with a carry-over: 900 stamps used. Credited from the window before: 4,100 stamps and 1 parcel. Withheld until the payment arrives: 4,100 stamps. Reason: Billing cycle restarted mid-period.",
  );
});

test("the description of a subscription names its processor and its next change", () => {
  expect(describeSubscription(bronze(stamps(), { scheduledPlan: "silver" }), READING)).toBe(
    "Bronze (active), billed monthly by Stripe, paid period to 1 July, then Silver.",
  );
});
