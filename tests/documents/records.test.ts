/** Decision records share one format: number and title, date, status. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";

const FOLDER = path.join(import.meta.dirname, "..", "..", "docs", "decisions");
const RECORDS = readdirSync(FOLDER).sort();

describe("decision records", () => {
  test.each(RECORDS)("%s has its number, a title, a date and a status", (name) => {
    const number = /^(\d{4})-[a-z0-9-]+\.md$/.exec(name)?.[1];
    const text = readFileSync(path.join(FOLDER, name), "utf8");
    expect(text).toMatch(
      new RegExp(
        `^# ${number} \\S.*\\n\\nDate: \\d{4}-\\d\\d-\\d\\d\\. Status: (accepted|replaced by record \\d{4})[.;]`,
      ),
    );
  });

  test("have distinct numbers", () => {
    const numbers = RECORDS.map((name) => name.slice(0, 4));
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  test.each(RECORDS)("%s names only records that exist", (name) => {
    const text = readFileSync(path.join(FOLDER, name), "utf8");
    const named = [...text.matchAll(/[Rr]ecords? (\d{4})/g)].map(([, number]) => number);
    for (const number of named) expect(RECORDS.map((each) => each.slice(0, 4))).toContain(number);
  });
});
