import { describe, expect, it } from "vitest";
import type { MeterView } from "@/lib/billing/schemas/usage-view";
import { meterAlert, meterBar, meterTone, meterWords } from "./meter-words";

const stamps = (used: number, more: Partial<MeterView> = {}): MeterView => ({
  field: "stamps_used",
  kind: "counter",
  used,
  reserved: 0,
  unpaidHeld: 0,
  limit: 1_000,
  remaining: Math.max(0, 1_000 - used - (more.reserved ?? 0) - (more.unpaidHeld ?? 0)),
  overLimit: used > 1_000,
  ...more,
});
const depot = (used: number): MeterView => ({
  ...stamps(used, { limit: 3, remaining: Math.max(0, 3 - used), overLimit: used > 3 }),
  field: "bays_count",
  kind: "gauge",
});

describe("meterTone", () => {
  it.each([
    [stamps(0), "calm"],
    [stamps(799), "calm"],
    [stamps(800), "near"],
    [stamps(999), "near"],
    [stamps(1_000), "full"],
    [stamps(1_200), "full"],
    [stamps(500, { reserved: 300 }), "near"],
    [stamps(500, { unpaidHeld: 500 }), "full"],
    [stamps(0, { limit: 0, remaining: 0 }), "full"],
  ] as const)("%#: %s", (meter, tone) => expect(meterTone(meter)).toBe(tone));
});

describe("meterBar", () => {
  it("shows shares of the limit", () => {
    expect(meterBar(stamps(340))).toEqual({ used: 34, blocked: 0, limitMark: null });
    expect(meterBar(stamps(500, { reserved: 100, unpaidHeld: 200 }))).toEqual({
      used: 50,
      blocked: 30,
      limitMark: null,
    });
  });
  it("never draws withheld units past the end", () =>
    expect(meterBar(stamps(900, { unpaidHeld: 900 })).blocked).toBe(10));
  it("marks the limit if more is used", () => {
    expect(meterBar(stamps(2_000))).toEqual({ used: 100, blocked: 0, limitMark: 50 });
  });
  it("accepts a limit of 0", () => expect(meterBar(stamps(0, { limit: 0 })).used).toBe(0));
});

describe("meterWords", () => {
  const textOf = (meter: MeterView) => meterWords(meter.kind === "gauge" ? "depot" : "mail", "Silver", meter, "en-GB");
  it("gives the remaining amount", () => {
    expect(textOf(stamps(340))).toMatchObject({
      answer: { figure: "660", after: "left" },
      detail: "340 of 1,000 stamps used",
      blocked: [],
      advice: null,
    });
  });
  it("explains the withheld amount", () => {
    expect(textOf(stamps(100, { reserved: 50, unpaidHeld: 200 })).blocked).toEqual([
      "50 reserved for work that is still running",
      "200 withheld until your payment goes through",
    ]);
  });
  it("names the ways to continue at a limit", () => {
    expect(textOf(stamps(1_000)).advice).toBe("You can go on after the reset.");
    expect(textOf(depot(3)).advice).toBe("To create another, delete one first.");
    expect(textOf(depot(2)).advice).toBeNull();
  });
  it("names the amount over a limit, and a way to reduce it", () => {
    expect(textOf(stamps(1_200))).toMatchObject({
      answer: { figure: "200", after: "over the limit" },
      advice: "That is 200 stamps more than Silver allows. You can go on after the reset.",
    });
    expect(textOf(depot(5)).advice).toBe(
      "You have 5 bays and Silver allows 3. Nothing is deleted for you: delete 2 to be within Silver.",
    );
  });
});

describe("meterAlert", () => {
  const alert = (meter: MeterView) => meterAlert(meter.kind === "gauge" ? "depot" : "mail", meter, "en-GB");
  it.each([
    [stamps(10), null],
    [stamps(999), "Mail is close to its limit: 1 stamp left."],
    [stamps(1_000), "Mail has no stamps left for now."],
    [stamps(1_001), "Mail is 1 stamp over its limit."],
    [depot(3), null],
    [depot(4), "Depot is 1 bay over its limit."],
  ] as const)("%#: %s", (meter, sentence) => expect(alert(meter)).toBe(sentence));
});
