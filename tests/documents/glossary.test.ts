/** Every name of the glossary exists in the code, and the glossary has every term once. */
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const ROOT = path.join(import.meta.dirname, "..", "..");
const ROWS = readFileSync(path.join(ROOT, "docs", "glossary.md"), "utf8")
  .split("\n")
  .filter((line) => /^\| (?!term |---)/.test(line))
  .map((line) => line.split("|").map((cell) => cell.trim()))
  .map(([, term = "", meaning = "", code = ""]) => ({ term, meaning, code }));

const SOURCES = globSync(["lib/**/*.ts", "supabase/schemas/**/*.sql"], { cwd: ROOT })
  .filter((file) => !file.includes(".test."))
  .map((file) => readFileSync(path.join(ROOT, file), "utf8"))
  .join("\n");
const WORDS = new Set(SOURCES.match(/\w+/g));

test("the glossary has terms", () => expect(ROWS.length).toBeGreaterThan(35));

test.each(ROWS)("$term", ({ meaning, code }) => {
  const names = [...code.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
  expect(names.length).toBeGreaterThan(0);
  expect(names.filter((name) => !WORDS.has(name))).toEqual([]);
  expect(meaning.split(" ").length).toBeLessThanOrEqual(25);
});

test("the glossary has each term once", () => {
  const terms = ROWS.flatMap(({ term }) => term.split(", "));
  expect(new Set(terms).size).toBe(terms.length);
});
