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
  // The reference products' own tables, and the documents' names in public.
  /^supabase\/schemas\/(reference|compat)\//,
  // The demo's users.
  /^lib\/identity\/demo\.ts$/,
  // A business is an entity of Paddle.
  /^lib\/sandbox\/paddle\/api\/include\.ts$/,
];
describe("a product's name", () => {
  test("is found as a word, in its singular, in a compound and as a plan in code", () => {
    expect(find('open("chatbots");\nconst chatbot = 1;\nwhere words_used > 0;\nplan === "plus"')).toHaveLength(4);
    expect(find("create_chatbot")).toHaveLength(1);
  });

  test("is not found in other words or in the name of a free plan", () => {
    expect(find('underwriters;\nsurplus;\n"free";\na plus b')).toEqual([]);
  });
});

test("lib and the schema work for any config: they name no product, meter or plan", () => {
  const files = globSync(["lib/**/*.{ts,tsx}", "supabase/schemas/**/*.sql"], { cwd: ROOT }).filter(
    (file) => !EXAMPLES.some((example) => example.test(file)),
  );
  expect(files.length).toBeGreaterThan(600);
  expect(files.flatMap((file) => linesWithNames(file, readFileSync(path.join(ROOT, file), "utf8"), names))).toEqual([]);
});
