/** Counts words in each script and between invisible characters. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chargedWords, countWords, unitsOf } from "./words";

const TABLE: [name: string, text: string, words: number][] = [
  ["nothing", "", 0],
  ["white space", " \t\n", 0],
  ["English", "The quick brown fox, it jumps.", 6],
  ["an apostrophe", "Don't, it’s OK", 3],
  ["a hyphen", "well-known", 2],
  ["numbers", "3.14 and 1,000", 3],
  ["an address", "a.b@example.com", 2],
  ["dots", ".".repeat(50), 0],
  ["words separated by zero-width spaces", "one\u200btwo\u200bthree", 3],
  ["words joined by zero-width joiners", "one\u200dtwo", 1],
  ["words joined by word joiners", "one\u2060two", 1],
  ["soft hyphens", "exam\u00adple", 1],
  ["Korean", "안녕하세요 세계", 2],
  ["emoji", "😀👩‍👩‍👧‍👦🇩🇪", 0],
  ["a word beside emoji", "ok😀ok", 2],
  ["combining marks", "e\u0301te\u0301", 1],
  ["German", "fünf Boxkämpfer", 2],
  ["Arabic", "مرحبا بالعالم", 2],
];

test.each(TABLE)("%s", (_, text, words) => expect(countWords(text)).toBe(words));

/** The segmenter finds these words by a dictionary, and dictionaries differ between versions. */
test.each([
  ["Chinese", "我们今天去学校，天气很好。", 5, 10],
  ["Japanese", "カタカナと漢字を読みます", 3, 9],
  ["Thai", "สวัสดีครับวันนี้อากาศดีมาก", 4, 9],
])("%s", (_, text, least, most) => {
  const words = countWords(text);
  expect(words).toBeGreaterThanOrEqual(least);
  expect(words).toBeLessThanOrEqual(most);
  expect(countWords(text.repeat(1_000))).toBeGreaterThan(0.9 * words * 1_000);
});

test.each(TABLE.filter(([, text]) => text.trim() !== ""))("%s, 300 times in one text", (_, text, words) => {
  expect(countWords(Array.from({ length: 300 }, () => text).join(" \n"))).toBe(300 * words);
});

const anyText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "one",
        "a.b",
        "don’t",
        "“x.”",
        " ",
        "\n",
        "\u200b",
        "\u200d",
        "我们今天",
        "สวัสดีครับ",
        "😀",
        "🇩🇪",
        "…",
        "_",
      ),
      fc.string({ unit: "grapheme" }),
    ),
    { maxLength: 60 },
  )
  .map((each) => each.join(""));

describe("any text", () => {
  test("equals its units joined, and no unit is empty", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const units = [...unitsOf(text)];
        expect(units.map((unit) => unit.text).join("")).toBe(text);
        for (const unit of units) expect(unit.text).not.toBe("");
      }),
      { numRuns: 2_000 },
    );
  });

  test("if short, counts the segmenter's words, and a long word once per 32 characters", () => {
    const segmenter = new Intl.Segmenter("en", { granularity: "word" });
    const wordsOf = ({ isWordLike, segment }: Intl.SegmentData) => (isWordLike ? Math.ceil(segment.length / 32) : 0);
    fc.assert(
      fc.property(
        anyText.map((text) => text.slice(0, 150)),
        (text) => {
          const words = [...segmenter.segment(text)].reduce((sum, found) => sum + wordsOf(found), 0);
          expect(countWords(text)).toBe(words);
        },
      ),
      { numRuns: 5_000 },
    );
  });

  test("counts the same after a space", () => {
    fc.assert(
      fc.property(anyText, anyText, (one, other) => {
        expect(countWords(`${one} a ${other}`)).toBe(countWords(`${one} a`) + countWords(` ${other}`));
      }),
    );
  });
});

describe("long texts without a space", () => {
  test.each([
    ["zero-width spaces", "word\u200b", 1],
    ["zero-width joiners between words", "我们", 1],
    ["emoji and words", "ok😀", 1],
  ])("%s", (_, piece, words) => expect(countWords(piece.repeat(5_000))).toBe(5_000 * words));

  test("a word of 100,000 letters counts once for each 32", () => {
    for (const letter of ["a", "é"])
      for (const length of [32, 33, 64, 65, 192, 193, 100_000])
        expect(countWords(letter.repeat(length)), `${length}`).toBe(Math.ceil(length / 32));
  });

  test.each(["_", ".", "'", ":", "·", "\u2060", "\u200c", "\u200d", "\u00ad", "\u202f", "\ufe0f", "\u3164"])(
    "English words that are joined by %j cost at least a seventh",
    (joint) => {
      const words = "the quick brown fox jumps over the lazy dog and runs far away from here".split(" ");
      const text = Array.from({ length: 100 }, () => words.join(joint)).join(joint);
      expect(countWords(text)).toBeGreaterThan((words.length * 100) / 7);
    },
  );
});

test("a text costs at least one word", () => {
  expect(chargedWords(countWords("😀"))).toBe(1);
  expect(chargedWords(countWords("one two"))).toBe(2);
});
