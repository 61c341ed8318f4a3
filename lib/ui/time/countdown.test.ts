import { describe, expect, it } from "vitest";
import { countdownText, DUE, laterNow, spokenTimeLeft, timeLeft } from "./countdown";

const hours = (n: number) => n * 3_600_000;

describe("countdownText", () => {
  it.each([
    [hours(9 * 24 + 4) + 59_000, "9 days 4 hours"],
    [hours(49), "2 days 1 hour"],
    [hours(25), "1 day 1 hour"],
    [hours(24), "1 day"],
    [hours(24) - 1, "1 day"],
    [hours(24) - 1_000, "23:59:59"],
    [hours(1), "1:00:00"],
    [hours(1) - 1_000, "0:59:59"],
    [1_000, "0:00:01"],
    [1, "0:00:01"],
    [0, DUE],
  ])("shows %d ms as %j", (left, text) => expect(countdownText(left)).toBe(text));
});

describe("spokenTimeLeft", () => {
  it.each([
    [hours(9 * 24 + 4), "9 days and 4 hours"],
    [hours(48), "2 days"],
    [hours(3) + 12 * 60_000, "3 hours and 12 minutes"],
    [60_000, "1 minute"],
    [59_999, "less than a minute"],
  ])("writes %d ms as %j", (left, text) => expect(spokenTimeLeft(left)).toBe(text));
});

describe("the server's time", () => {
  const sent = "2026-11-20T12:00:00Z";
  it("continues with the page's monotonic clock", () => {
    expect(laterNow(sent, 120, 5_120)).toBe(Date.parse("2026-11-20T12:00:05Z"));
  });
  it("is never earlier than the server's time", () => expect(laterNow(sent, 500, 100)).toBe(Date.parse(sent)));
  it("is never below zero", () => {
    expect(timeLeft("2026-11-20T12:00:01Z", Date.parse(sent))).toBe(1_000);
    expect(timeLeft("2026-11-20T11:00:00Z", Date.parse(sent))).toBe(0);
  });
  it("compares instants, not strings", () => {
    expect(timeLeft("2026-11-20T13:00:01+01:00", Date.parse(sent))).toBe(1_000);
  });
});
