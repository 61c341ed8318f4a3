import { describe, expect, test } from "vitest";
import type { MeterView, SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { refusalWords, subscriptionWords, windowWords } from "./why-words";

const READING = { locale: "en-GB", zone: "UTC", now: Date.UTC(2026, 5, 10) };

const words = (changes: Partial<MeterView> = {}): MeterView => ({
  field: "words_used",
  kind: "counter",
  used: 4_900,
  reserved: 0,
  unpaidHeld: 0,
  limit: 5_000,
  remaining: 100,
  overLimit: false,
  ...changes,
});

const basic = (meter: MeterView, changes: Partial<SubscriptionView> = {}): SubscriptionView => ({
  product: "writer",
  plan: "basic",
  limitPlan: "basic",
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

const said = (subscription: SubscriptionView, amount: number) =>
  refusalWords(subscription, subscription.meters[0]?.field ?? "", amount, READING);

describe("why a use was refused", () => {
  test("names plan, limit, used, window and reset; an amount within the limit is allowed", () => {
    expect(said(basic(words()), 101)).toEqual({
      allowed: false,
      sentence:
        "Writer Basic allows 5,000 words from 1 June at 00:00 to 1 July at 00:00. 4,900 used: 100 left. 101 words would be refused. It resets on 1 July at 00:00.",
    });
    expect(said(basic(words()), 100)).toMatchObject({ allowed: true });
  });

  test("names what is reserved and withheld, and that paying would help", () => {
    const held = words({ used: 1_000, reserved: 200, unpaidHeld: 3_000, remaining: 800 });
    const { sentence } = said(basic(held), 801) ?? { sentence: "" };
    expect(sentence).toContain(
      "1,000 used, 200 reserved for work under way and 3,000 held until a payment comes: 800 left.",
    );
    expect(sentence).toContain("The open payment would let it pass.");
    expect(said(basic(held), 3_801)?.sentence).not.toContain("would let it pass");
  });

  test("names an override, an unpaid plan, and a gauge without a window", () => {
    expect(said(basic(words({ limit: 6_000, remaining: 1_100 })), 1)?.sentence).toContain(
      "6,000 words, a limit of their own",
    );
    expect(said(basic(words(), { plan: "ultra" }), 1)?.sentence).toContain(
      "(they are on Ultra, whose payment is open)",
    );
    const gauge = words({ field: "chatbots_count", kind: "gauge", used: 1, limit: 1, remaining: 0 });
    const chatbots = basic(gauge, { product: "chatbots", plan: "free", limitPlan: "free" });
    expect(said(chatbots, 1)?.sentence).toBe(
      "Chatbots Free allows 1 chatbot. 1 used: 0 left. 1 chatbot would be refused.",
    );
  });
});

test("a window names its opening, its credited units and its withheld units", () => {
  const window = {
    product: "writer",
    source: "stripe:sub_1",
    openedAt: "2026-06-01T00:00:00.000Z",
    windowStart: "2026-06-01T00:00:00.000Z",
    windowEnd: "2026-07-01T00:00:00.000Z",
    opensBy: "carry_over",
    reason: "Billing cycle restarted mid-period",
    opening: { words_used: 900, transformations_used: 0 },
    forgiven: { words_used: 4_100, transformations_used: 1 },
    unpaidHeld: { words_used: 4_100 },
  } as const;
  expect(windowWords(window, READING)).toBe(
    "The window from 1 June to 1 July of stripe:sub_1 carried over: it began with 900 words used. 4,100 words and 1 transformation of the window before were forgiven. 4,100 words stays held back until the payment comes. Reason: Billing cycle restarted mid-period.",
  );
});

test("a subscription names its processor and its next change", () => {
  expect(subscriptionWords(basic(words(), { scheduledPlan: "plus" }), READING)).toBe(
    "Basic (active), billed monthly by Stripe, paid period to 1 July, then Plus.",
  );
});
