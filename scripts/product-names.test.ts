import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import config from "@/tollgate.config";
import { linesWithNames, productNames } from "./product-names";
import { ROOT } from "./project";

const names = productNames(config);
const find = (source: string) => linesWithNames("a.ts", source, names);

/** Example data, which is passed in. */
const EXAMPLES = [
  /\.test\.tsx?$/,
  /\/fixture-events\.ts$/,
  // The demo's users, and codes that the fake Paddle knows.
  /^lib\/identity\/demo\.ts$/,
  /^lib\/sandbox\/paddle\/discounts\.ts$/,
  // A business is an entity of Paddle.
  /^lib\/sandbox\/paddle\/api\/include\.ts$/,
];
/** The chatbots' table, which the reference app's gauge counts. */
const REFERENCE_TABLE =
  /^lib\/database\/(queries\/chatbots|gateway|index|transports\/metrics)\.ts$|^lib\/database\/queries\/README/;

describe("a product's name", () => {
  test("is found as a word, in its singular, in a compound and as a plan in code", () => {
    expect(find('open("chatbots");\nconst chatbot = 1;\nwhere words_used > 0;\nplan === "plus"')).toHaveLength(4);
    expect(find("create_chatbot")).toHaveLength(1);
  });

  test("is not found in other words or in the name of a free plan", () => {
    expect(find('underwriters;\nsurplus;\n"free";\na plus b')).toEqual([]);
  });
});

test("lib works for any config: it names no product, meter or plan", () => {
  const files = globSync("lib/**/*.{ts,tsx}", { cwd: ROOT }).filter(
    (file) => !EXAMPLES.some((example) => example.test(file)) && !REFERENCE_TABLE.test(file),
  );
  expect(files.length).toBeGreaterThan(400);
  expect(files.flatMap((file) => linesWithNames(file, readFileSync(path.join(ROOT, file), "utf8"), names))).toEqual([]);
});
