import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { splitIntoChunks } from "./chunks";
import { restyle, STYLES } from "./styles";
import { countWords } from "./words";
import { rewrite } from "./writer";

const words = (count: number) => Array.from({ length: count }, (_, index) => `word${index}`);

describe("chunks", () => {
  const anyText = fc
    .array(fc.constantFrom("one", "Two.", "three?", "“four.”", "fünf", " ", "\n", "\n\n", "  ", "\t"))
    .map((each) => each.join(" "));

  test("joined are the text, and their words add up to its words", () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 9 }), (text, size) => {
        const parts = splitIntoChunks(text, size);
        expect(parts.map((part) => part.text).join("")).toBe(text);
        expect(parts.reduce((sum, part) => sum + part.words, 0)).toBe(countWords(text));
        for (const part of parts) expect(part.words).toBeLessThanOrEqual(2 * size);
      }),
    );
  });

  test("end at the end of a sentence or a line, or at twice their size", () => {
    const textsOf = (text: string) => splitIntoChunks(text, 2).map((part) => part.text);
    expect(textsOf("One two three. Four five. Six")).toEqual(["One two three.", " Four five.", " Six"]);
    expect(textsOf("One two\nthree four")).toEqual(["One two", "\nthree four"]);
    expect(splitIntoChunks(words(9).join(" "), 2).map((part) => part.words)).toEqual([4, 4, 1]);
  });

  test("the search for sentence ends reads each character once, also after one very long word", () => {
    const text = `${".".repeat(50_000)}x ${words(200).join(" ")}`;
    const tested = vi.spyOn(RegExp.prototype, "test");
    splitIntoChunks(text);
    const characters = tested.mock.calls.reduce((sum, [part]) => sum + part.length, 0);
    tested.mockRestore();
    expect(characters).toBeLessThan(3 * text.length);
  });
});

describe("styles", () => {
  test.each([
    ["plain", "We utilize it in order to win.", "We use it to win."],
    ["plain", "Utilized, not utilizer.", "Used, not utilizer."],
    ["plain", "IN ORDER TO", "To"],
    ["formal", "Don’t, it's OK", "Do not, it is Acceptable"],
    ["friendly", "Dear Sir or Madam,\nyou cannot lose.", "Hi there,\nyou can't lose."],
    ["concise", "This is really very good. Very.", "This is good. Very."],
    ["concise", "We, actually, do.", "We, actually, do."],
  ] as const)("%s: %s", (style, text, expected) => expect(restyle(text, style)).toBe(expected));

  test("every style leaves text without a rule unchanged", () => {
    for (const style of STYLES)
      expect(restyle("Zwölf Boxkämpfer\n\n  jagen — 12 %", style)).toBe("Zwölf Boxkämpfer\n\n  jagen — 12 %");
  });

  test("a long text is rewritten the same in chunks and at once", () => {
    const text = `${words(300).join(" ")} utilize. ${words(300).join(" ")}`;
    expect(rewrite({ text, style: "plain" })).toBe(restyle(text, "plain"));
  });
});
