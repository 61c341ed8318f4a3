import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addMonths, DAY_MS, HOUR_MS, monthsSince, periodMove, SECOND_MS, windowAt } from "./calendar";

const at = (text: string) => Date.parse(text);
const anyInstant = fc.integer({ min: at("2020-01-01T00:00:00Z"), max: at("2040-01-01T00:00:00Z") });

describe("addMonths", () => {
  test.each([
    ["2026-01-31T00:00:00Z", 1, "2026-02-28T00:00:00Z"],
    // Counted from the anchor and not from February, the second month ends on the 31st again.
    ["2026-01-31T00:00:00Z", 2, "2026-03-31T00:00:00Z"],
    ["2026-01-31T00:00:00Z", 13, "2027-02-28T00:00:00Z"],
    ["2027-01-31T00:00:00Z", 13, "2028-02-29T00:00:00Z"],
    ["2028-02-29T12:30:15.123Z", 12, "2029-02-28T12:30:15.123Z"],
    ["2028-02-29T12:30:15.123Z", 48, "2032-02-29T12:30:15.123Z"],
    ["2026-12-31T23:59:59Z", -1, "2026-11-30T23:59:59Z"],
    ["2026-05-31T00:00:00Z", 0, "2026-05-31T00:00:00Z"],
  ])("%s and %i months is %s", (anchor, months, expected) => {
    expect(new Date(addMonths(at(anchor), months)).toISOString()).toBe(new Date(expected).toISOString());
  });

  test("is inverted by monthsSince: the greatest number of months that have passed", () => {
    fc.assert(
      fc.property(anyInstant, anyInstant, (anchor, now) => {
        const months = monthsSince(anchor, now);
        expect(addMonths(anchor, months)).toBeLessThanOrEqual(now);
        expect(addMonths(anchor, months + 1)).toBeGreaterThan(now);
      }),
    );
  });
});

describe("windowAt", () => {
  test("daily windows are UTC days", () => {
    const window = windowAt({ cadence: "daily", anchor: 0, periodEnd: null }, at("2026-03-29T01:30:00Z"));
    expect(window).toEqual({ start: at("2026-03-29T00:00:00Z"), end: at("2026-03-30T00:00:00Z") });
  });

  test("a billing period is one window, also after its end", () => {
    const rule = { cadence: "billing_period", anchor: at("2026-03-01"), periodEnd: at("2026-04-01") } as const;
    expect(windowAt(rule, at("2026-04-03"))).toEqual({ start: at("2026-03-01"), end: at("2026-04-01") });
  });

  test("monthly windows inside a year stop at its end", () => {
    const rule = { cadence: "monthly", anchor: at("2026-01-31"), periodEnd: at("2027-01-31") } as const;
    expect(windowAt(rule, at("2026-02-28"))).toEqual({ start: at("2026-02-28"), end: at("2026-03-31") });
    expect(windowAt(rule, at("2027-02-04"))).toEqual({ start: at("2026-12-31"), end: at("2027-01-31") });
  });

  test("each window of an anchor ends at the start of the next, and every instant is in a window", () => {
    const cadence = fc.constantFrom("daily" as const, "monthly" as const);
    fc.assert(
      fc.property(cadence, anyInstant, anyInstant, (kind, anchor, now) => {
        const rule = { cadence: kind, anchor, periodEnd: null };
        const window = windowAt(rule, now);
        expect(window.start).toBeLessThanOrEqual(now);
        expect(window.end).toBeGreaterThan(now);
        expect(windowAt(rule, window.end).start).toBe(window.end);
        expect(windowAt(rule, window.start)).toEqual(window);
      }),
    );
  });
});

describe("periodMove", () => {
  const start = at("2026-03-01");
  const open = { starts: [start], end: at("2026-04-01") };
  test.each([
    ["same", start],
    ["same", start + SECOND_MS],
    ["restart", start + SECOND_MS + 1],
    ["restart", open.end - SECOND_MS - 1],
    ["boundary", open.end - SECOND_MS],
    ["boundary", open.end],
    ["boundary", open.end + 40 * DAY_MS],
    ["backwards", start - HOUR_MS],
    ["none", null],
  ] as const)("%s at %s", (move, next) => {
    expect(periodMove(next, open)).toBe(move);
  });

  test("is `first` without an open period", () => {
    expect(periodMove(start, undefined)).toBe("first");
  });

  test("is `same` for every start that the open period was announced with", () => {
    expect(periodMove(start + 5 * DAY_MS, { ...open, starts: [start, start + 5 * DAY_MS] })).toBe("same");
  });
});
