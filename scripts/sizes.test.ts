/**
 * No file of TypeScript or SQL has more than 300 lines, and no function more than 60. Exempt are JSX, test suites (a suite
 * is a list of tests) and the lists in FACTORIES. Biome counts the lines of functions, without blank lines and comments.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { ROOT } from "./project";

const MAX_FILE_LINES = 300;
const MAX_FUNCTION_LINES = 60;

/** Generated from `supabase/schemas`, and frozen. */
const GENERATED = /^supabase\/migrations\//;

/** Functions that only list short functions or the fields of one object, as a module or a table would. */
const FACTORIES: Readonly<Record<string, string>> = {
};

const trackedFiles = () =>
  execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: ROOT, encoding: "utf8" })
    .split("\n")
    .filter((file) => existsSync(path.join(ROOT, file)));

test("no file has more than 300 lines", () => {
  const files = trackedFiles().filter((file) => /\.(tsx?|mts|mjs|sql)$/.test(file) && !GENERATED.test(file));
  expect(files.length).toBeGreaterThan(500);
  const long = files.filter((file) => linesOf(file).length > MAX_FILE_LINES);
  expect(long).toEqual([]);
});

const reportSchema = z.object({
  diagnostics: z.array(
    z.object({ message: z.string(), location: z.object({ path: z.string(), start: z.object({ line: z.number() }) }) }),
  ),
});

/** Every function that Biome finds longer than its default of 50 lines. */
function longFunctions(): { file: string; head: string; lines: number }[] {
  const rule = "--only=complexity/noExcessiveLinesPerFunction";
  const biome = path.join(ROOT, "node_modules/.bin/biome");
  const report = execFileSync(biome, ["lint", rule, "--max-diagnostics=none", "--reporter=json", "."], {
    cwd: ROOT,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    maxBuffer: 2 ** 26,
  });
  return reportSchema.parse(JSON.parse(report)).diagnostics.map(({ message, location }) => ({
    file: location.path,
    head: linesOf(location.path)[location.start.line - 1] ?? "",
    lines: Number(/\((\d+)\)/.exec(message)?.[1]),
  }));
}

test("no function has more than 60 lines", () => {
  const found = longFunctions();
  expect(found.length).toBeGreaterThan(20);
  const long = found
    .filter(({ file, head, lines }) => lines > MAX_FUNCTION_LINES && !isSuite(head) && !file.endsWith(".tsx"))
    .map(({ file, head }) => `${file} ${/function (\w+)/.exec(head)?.[1] ?? head.trim()}`);
  expect(long.toSorted()).toEqual(Object.keys(FACTORIES).toSorted());
});

const isSuite = (head: string) => /^\s*(test\.)?describe\b/.test(head);

const linesOf = (file: string) => readFileSync(path.join(ROOT, file), "utf8").trimEnd().split("\n");
