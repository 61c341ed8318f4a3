/** The threat model names tests that exist, and a test for each defence. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const page = readFileSync("docs/security.md", "utf8");
const TEST_FILE = /`([\w./-]+\.(?:test|spec)\.ts)`/g;
const filesOf = (text: string) => [...text.matchAll(TEST_FILE)].map(([, file = ""]) => file);
const named = [...new Set(filesOf(page))];

test("the page names many tests", () => expect(named.length).toBeGreaterThan(40));

test.each(named)("%s exists and has tests", (file) => {
  expect(existsSync(file), file).toBe(true);
  expect(readFileSync(file, "utf8")).toMatch(/\b(test|it|check)(\.each\S*)?\(/);
});

describe("each attack has a defence and a test", () => {
  const [, attacks = ""] = /^## Attacks and defences\n([\s\S]*?)^## /m.exec(page) ?? [];
  const rows = attacks.split("\n").filter((line) => line.startsWith("| ") && !/^\| (attack|---) /.test(line));

  test("the table has rows", () => expect(rows.length).toBeGreaterThan(30));

  test.each(rows)("%s", (row) => {
    const cells = row.split("|").slice(1, -1);
    expect(cells).toHaveLength(3);
    expect(cells.every((cell) => cell.trim() !== "")).toBe(true);
    expect(filesOf(cells[2] ?? "").length).toBeGreaterThan(0);
  });
});

test.each(["Assets", "Callers", "Trust boundaries", "Attacks and defences", "Left to the operator", "Not defended"])(
  "the page has the part %s",
  (title) => expect(page).toContain(`\n## ${title}\n`),
);

test("a report uses GitHub's form, and no page has an e-mail address", () => {
  const report = readFileSync("SECURITY.md", "utf8");
  expect(report).toContain("Report a vulnerability");
  for (const text of [page, report]) expect(text).not.toMatch(/[\w.]+@[\w.]+\.\w+|mailto:/);
});
