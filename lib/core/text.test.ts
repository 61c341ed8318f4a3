/** The text that each type accepts, and the parsed text. */
import { describe, expect, test } from "vitest";
import { identifier, isoDay, isoInstant, line, prose, secret } from "./text";

const NFD = "e\u0301";
const NFC = "\u00e9";

describe.each([
  ["identifier", identifier({ max: 10 })],
  ["line", line({ max: 10 })],
  ["prose", prose({ max: 10 })],
  ["secret", secret({ max: 10 })],
])("%s", (_, type) => {
  test.each([
    ["NUL", "a\0b"],
    ["a high surrogate alone", "a\ud83db"],
    ["a low surrogate alone", "a\ude00b"],
    ["surrogates in the wrong order", "\ude00\ud83d"],
    ["an empty text", ""],
    ["one character too many", "x".repeat(11)],
    ["far too many characters", "x".repeat(1_000_000)],
    ["a number", 5],
    ["undefined", undefined],
  ])("refuses %s", (_, value) => expect(type.safeParse(value).success).toBe(false));

  test.each(["a", "x".repeat(10), "\u4f60\u597d", "a\u{1f600}b", "a\u200bb", "a b"])("accepts %j", (value) =>
    expect(type.parse(value)).toBe(value),
  );
});

describe("control characters", () => {
  const BREAKS = ["\t", "\n", "\v", "\f", "\r", "\u0085"];
  const OTHERS = ["\u0001", "\b", "\u001b", "\u007f", "\u009f"];
  const with_ = (characters: string[]) => characters.map((each) => `a${each}b`);

  test.each(with_([...BREAKS, ...OTHERS, "\u2028", "\u2029"]))("%j is no identifier and no line", (value) => {
    expect(identifier().safeParse(value).success).toBe(false);
    expect(line().safeParse(value).success).toBe(false);
  });
  test.each(with_([...BREAKS, "\u2028", "\u2029"]))("%j is prose", (value) => expect(prose().parse(value)).toBe(value));
  test.each(with_(OTHERS))("%j is no prose", (value) => expect(prose().safeParse(value).success).toBe(false));
  test.each(with_([...BREAKS, ...OTHERS]))("%j is a password", (value) => expect(secret().parse(value)).toBe(value));
});

test("identifiers are converted to normal form C, and other text is unchanged", () => {
  expect(identifier().parse(NFD)).toBe(NFC);
  expect(prose().parse(NFD)).toBe(NFD);
  expect(secret().parse(NFD)).toBe(NFD);
});

test("the length of identifiers is counted as in Postgres", () => {
  expect(identifier({ max: 3 }).safeParse("\u{1f600}".repeat(3)).success).toBe(true);
  expect(identifier({ max: 3 }).safeParse("\u{1f600}".repeat(4)).success).toBe(false);
});

test("white space at the ends is removed from lines and prose, not from passwords and identifiers", () => {
  expect(line().parse(" a\n")).toBe("a");
  expect(prose().parse(" a\n")).toBe("a");
  expect(secret().parse(" a\n")).toBe(" a\n");
  expect(identifier().parse(" a ")).toBe(" a ");
  expect(line().safeParse("  ").success).toBe(false);
  expect(line({ min: 0 }).parse("  ")).toBe("");
});

test("one message replaces all others", () => {
  const type = line({ max: 3, error: "is a plan" });
  for (const value of [5, "", "a\0", "abcd"]) expect(type.safeParse(value).error?.issues[0]?.message).toBe("is a plan");
});

const instants: [value: string, known: boolean][] = [
  ["2026-11-27T00:00:00Z", true],
  ["2026-11-27T00:00:00.123456+00:00", true],
  ["0001-01-01T00:00:00Z", true],
  ["9999-12-31T23:59:59Z", true],
  ["0000-01-01T00:00:00Z", false],
  ["0001-01-01T00:00:00+14:00", false],
  ["9999-12-31T23:59:59-14:00", false],
  ["+010000-01-01T00:00:00Z", false],
  ["2026-02-30T00:00:00Z", false],
  ["1", false],
];
test.each(instants)("the instant %s: %s", (value, known) => {
  expect(isoInstant("is an instant").safeParse(value).success).toBe(known);
});

test("days have the same range of years", () => {
  const day = isoDay("is a day");
  expect(["2026-11-27", "0001-01-01", "9999-12-31"].every((value) => day.safeParse(value).success)).toBe(true);
  expect(["0000-01-01", "2026-02-30", "10000-01-01"].some((value) => day.safeParse(value).success)).toBe(false);
});
