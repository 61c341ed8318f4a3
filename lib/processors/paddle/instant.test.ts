import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LAST_INSTANT } from "../envelope";
import { instantOf } from "./instant";

const AT = Date.UTC(2026, 2, 1, 10, 20, 50);

describe("an instant", () => {
  test.each([
    ["2026-03-01T10:20:50Z", AT],
    ["2026-03-01T10:20:50.5Z", AT + 500],
    ["2026-03-01T10:20:50.52Z", AT + 520],
    ["2026-03-01T10:20:50.635Z", AT + 635],
    ["2026-03-01T10:20:50.6359Z", AT + 635],
    ["2026-03-01T10:20:50.635999Z", AT + 635],
    ["2026-03-01T10:20:50.635999999Z", AT + 635],
    ["2026-03-01T10:20:50.000999999Z", AT],
    ["2026-03-01T10:20:50.999999999Z", AT + 999],
    ["2026-03-01t10:20:50z", AT],
    ["2026-03-01T12:20:50.1+02:00", AT + 100],
    ["2026-03-01T04:50:50-05:30", AT],
    ["2026-03-01T10:20:50-00:00", AT],
    ["2024-02-29T00:00:00Z", Date.UTC(2024, 1, 29)],
    ["1970-01-01T00:00:00Z", 0],
    ["2200-01-01T00:00:00Z", LAST_INSTANT],
  ])("is read from %s", (text, expected) => {
    expect(instantOf(text)).toBe(expected);
  });

  test.each([
    ["2026-03-01T10:20:50"],
    ["2026-03-01T10:20:50.Z"],
    ["2026-03-01T10:20:50.1234567890Z"],
    ["2026-03-01 10:20:50Z"],
    ["2026-03-01"],
    ["2026-03-01T10:20Z"],
    ["2026-02-29T00:00:00Z"],
    ["2026-04-31T00:00:00Z"],
    ["2026-13-01T00:00:00Z"],
    ["2026-00-01T00:00:00Z"],
    ["2026-03-00T00:00:00Z"],
    ["2026-03-01T24:00:00Z"],
    ["2026-03-01T10:60:00Z"],
    ["2026-03-01T23:59:60Z"],
    ["2026-03-01T10:20:50+24:00"],
    ["2026-03-01T10:20:50+02:60"],
    ["2026-03-01T10:20:50+0200"],
    ["0050-03-01T00:00:00Z"],
    ["1969-12-31T23:59:59.999Z"],
    ["1970-01-01T00:00:00+00:01"],
    ["2200-01-01T00:00:00.001Z"],
    ["+002026-03-01T10:20:50Z"],
    [" 2026-03-01T10:20:50Z"],
    ["2026-03-01T10:20:50Z\n"],
    ["now"],
    [""],
    [1_772_359_250],
    [null],
    [undefined],
  ])("cannot be read from %j", (text) => {
    expect(instantOf(text)).toBeNull();
  });

  test("in any number of digits and any zone is rounded down to its millisecond", () => {
    const cases = fc.record({
      at: fc.integer({ min: 86_400_000, max: LAST_INSTANT - 86_400_000 }),
      more: fc.stringMatching(/^\d{0,6}$/),
      offset: fc.integer({ min: -1439, max: 1439 }),
    });
    fc.assert(
      fc.property(cases, ({ at, more, offset }) => {
        const local = new Date(at + offset * 60_000).toISOString().slice(0, -1);
        const minutes = Math.abs(offset);
        const zone = `${offset < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
        expect(instantOf(`${local}${more}${zone}`)).toBe(at);
      }),
    );
  });

  test("with fewer digits is the same or an earlier one, never a later one", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\d{9}$/), fc.integer({ min: 1, max: 9 }), (digits, kept) => {
        const whole = instantOf(`2026-03-01T10:20:50.${digits}Z`) as number;
        const cut = instantOf(`2026-03-01T10:20:50.${digits.slice(0, kept)}Z`) as number;
        expect(cut).toBeLessThanOrEqual(whole);
        if (kept >= 3) expect(cut).toBe(whole);
      }),
    );
  });

  const two = (value: number) => String(value).padStart(2, "0");
});
