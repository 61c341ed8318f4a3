import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { linesWithConfigValues } from "./config-values";
import { ROOT } from "./project";

const find = (source: string) => linesWithConfigValues("a.ts", source);

/** Texts that no user of an installation reads, and the defaults themselves. */
const EXCEPT = [
  /\.test\.tsx?$/,
  /^lib\/config\/default-paths\.ts$/,
  // The command line of an operator or a developer.
  /^lib\/(local|cli)\//,
  /^lib\/server\/start-problems\.ts$/,
  // Paths below the mount.
  /^lib\/((sandbox\/)?routes\/index|pages\/catch-all)\.ts$/,
  // The description of the webhook endpoint, in the processor's dashboard.
  /^lib\/processors\/(stripe|paddle)\/setup\.ts$/,
  // Errors of the fake APIs, for developers; ids and the account's name in their objects.
  /^lib\/sandbox\/(stripe|paddle)\/router\.ts$/,
  /^lib\/sandbox\/event-builders\//,
];

describe("a value of the config", () => {
  test.each([
    'href="/billing"',
    "`/billing/change?product=`",
    `\`\${site}/api/webhook\``,
    "seeOther('/sign-in?problem=x')",
    'title: "Tollgate"',
    'fetch("/api/usage") // the user\'s usage',
  ])("is found: %s", (line) => expect(find(line)).toEqual([`a.ts:1: ${line.replace(/ \/\/.*/, "")}`]));

  test.each([
    'import { x } from "../billing/summary";',
    'import { x } from "@/lib/admin";',
    "/** The route `/api/usage` of Tollgate. */",
    "// Tollgate's page /billing",
    `\`\${paths().billing}/change\``,
    `\`\${paths.api}/sandbox/clock\``,
    '"/billing-address"',
  ])("is not found: %s", (line) => expect(find(line)).toEqual([]));

  test("keeps its line number behind a comment of several lines", () => {
    expect(find('/*\n * Tollgate\n */\n"/usage"')).toEqual(['a.ts:4: "/usage"']);
  });
});

test("lib takes paths and the brand from the config", () => {
  const files = globSync("lib/**/*.{ts,tsx}", { cwd: ROOT }).map((file) => file.split(path.sep).join("/"));
  expect(files.length).toBeGreaterThan(300);
  const found = files
    .filter((file) => !EXCEPT.some((each) => each.test(file)))
    .flatMap((file) => linesWithConfigValues(file, readFileSync(path.join(ROOT, file), "utf8")));
  expect(found).toEqual([]);
});

test("no address of a route contains the path of a page, which may be anywhere", () => {
  const files = globSync("lib/**/*.{ts,tsx}", { cwd: ROOT });
  const found = files.filter((file) => /\.api\}\$\{paths/.test(readFileSync(path.join(ROOT, file), "utf8")));
  expect(found).toEqual([]);
});
