/** docs/documents.md names files and tests: each of them exists, and each test runs. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";

const DOCS = path.join(import.meta.dirname, "..", "..", "docs");
const LINES = readFileSync(path.join(DOCS, "documents.md"), "utf8").split("\n");
const ROWS = LINES.filter((line) => line.startsWith("| ") && !/^\| (item|---)/.test(line));

/** A link to a file, and the name of a test in the file. */
const SHOWN = /\[[^\]]+\]\(([^)]+)\)(?:: `([^`]+)`)?/g;
const shown = ROWS.flatMap((row) => [...row.matchAll(SHOWN)].map(([, file = "", name]) => ({ file, name })));

test("the tables have rows with three cells", () => {
  expect(ROWS.length).toBeGreaterThan(50);
  for (const row of ROWS) expect(row.split(" | "), row).toHaveLength(3);
});

test("each row has a result", () => {
  expect(ROWS.filter((row) => /[A-Z]+_[A-Z]+ \|$/.test(row))).toEqual([]);
});

test.each([...new Set(shown.map(({ file }) => file))])("%s exists", (file) => {
  expect(existsSync(path.join(DOCS, file))).toBe(true);
});

describe("this test exists and is not skipped:", () => {
  test.each(shown.flatMap(({ file, name }) => (name ? [[name, file] as const] : [])))("%s", (name, file) => {
    const source = readFileSync(path.join(DOCS, file), "utf8");
    const calls = [...source.matchAll(/\btest(\.each\([\s\S]*?\)|\.skip|\.todo)?\(\s*(["'`])((?:(?!\2).)*)\2/g)];
    const call = calls.find(([, , , title]) => title === name);
    expect(call?.[0], `${file} has no test with this title`).toBeDefined();
    expect(call?.[1] ?? "").not.toMatch(/skip|todo/);
  });
});
