import { describe, expect, it } from "vitest";
import type { MeterView } from "@/lib/billing/schemas/usage-view";
import { meterAlert, meterBar, meterTone, meterWords } from "./meter-words";

const words = (used: number, more: Partial<MeterView> = {}): MeterView => ({
  field: "words_used",
  kind: "counter",
  used,
  reserved: 0,
  unpaidHeld: 0,
  limit: 1_000,
  remaining: Math.max(0, 1_000 - used - (more.reserved ?? 0) - (more.unpaidHeld ?? 0)),
  overLimit: used > 1_000,
  ...more,
});
const chatbots = (used: number): MeterView => ({
  ...words(used, { limit: 3, remaining: Math.max(0, 3 - used), overLimit: used > 3 }),
  field: "chatbots_count",
  kind: "gauge",
});

describe("meterTone", () => {
  it.each([
    [words(0), "calm"],
    [words(799), "calm"],
    [words(800), "near"],
    [words(999), "near"],
    [words(1_000), "full"],
    [words(1_200), "full"],
    [words(500, { reserved: 300 }), "near"],
    [words(500, { unpaidHeld: 500 }), "full"],
    [words(0, { limit: 0, remaining: 0 }), "full"],
  ] as const)("%#: %s", (meter, tone) => expect(meterTone(meter)).toBe(tone));
});

describe("meterBar", () => {
  it("shows shares of the limit", () => {
    expect(meterBar(words(340))).toEqual({ used: 34, blocked: 0, limitMark: null });
    expect(meterBar(words(500, { reserved: 100, unpaidHeld: 200 }))).toEqual({
      used: 50,
      blocked: 30,
      limitMark: null,
    });
  });
  it("never draws withheld units past the end", () =>
    expect(meterBar(words(900, { unpaidHeld: 900 })).blocked).toBe(10));
  it("marks the limit if more is used", () => {
    expect(meterBar(words(2_000))).toEqual({ used: 100, blocked: 0, limitMark: 50 });
  });
  it("survives a limit of 0", () => expect(meterBar(words(0, { limit: 0 })).used).toBe(0));
});

describe("meterWords", () => {
  const textOf = (meter: MeterView) =>
    meterWords(meter.kind === "gauge" ? "chatbots" : "writer", "Plus", meter, "en-GB");
  it("gives the remaining amount", () => {
    expect(textOf(words(340))).toMatchObject({
      answer: { figure: "660", after: "left" },
      detail: "340 of 1,000 words used",
      blocked: [],
      advice: null,
    });
  });
  it("explains the withheld amount", () => {
    expect(textOf(words(100, { reserved: 50, unpaidHeld: 200 })).blocked).toEqual([
      "50 reserved for work that is still running",
      "200 withheld until your payment goes through",
    ]);
  });
  it("names the ways to continue at a limit", () => {
    expect(textOf(words(1_000)).advice).toBe("You can go on after the reset.");
    expect(textOf(chatbots(3)).advice).toBe("To create another, delete one first.");
    expect(textOf(chatbots(2)).advice).toBeNull();
  });
  it("names the amount over a limit, and what to do", () => {
    expect(textOf(words(1_200))).toMatchObject({
      answer: { figure: "200", after: "over the limit" },
      advice: "That is 200 words more than Plus allows. You can go on after the reset.",
    });
    expect(textOf(chatbots(5)).advice).toBe(
      "You have 5 chatbots and Plus allows 3. Nothing is deleted for you: delete 2 to be within Plus.",
    );
  });
});

describe("meterAlert", () => {
  const alert = (meter: MeterView) => meterAlert(meter.kind === "gauge" ? "chatbots" : "writer", meter, "en-GB");
  it.each([
    [words(10), null],
    [words(999), "Writer is close to its limit: 1 word left."],
    [words(1_000), "Writer has no words left for now."],
    [words(1_001), "Writer is 1 word over its limit."],
    [chatbots(3), null],
    [chatbots(4), "Chatbots is 1 chatbot over its limit."],
  ] as const)("%#: %s", (meter, sentence) => expect(alert(meter)).toBe(sentence));
});
