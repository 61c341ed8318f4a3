/** Boundaries parse text with the types of text.ts, since a bare `z.string()` accepts NUL. */
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const ROOT = path.join(import.meta.dirname, "..", "..");
const BOUNDARIES = [
  "app/**/*.{ts,tsx}",
  "lib/**/{requests,*-requests,*-request}.ts",
  "lib/{admin,account,rate-limit,identity,subscriptions,usage}/**/*.ts",
  "lib/webhooks/link-customer.ts",
  "lib/sandbox/**/*.ts",
];

/** A pattern from its first character to its last bounds the text too. */
const BARE = /z\s*\.(coerce\s*\.)?string\((?![^)]*\)\s*\.regex\(\/\^)/;

const files = BOUNDARIES.flatMap((pattern) => globSync(pattern, { cwd: ROOT })).filter(
  (file) => !/\.test\.ts/.test(file),
);

test("there are boundaries", () => expect(files.length).toBeGreaterThan(100));

test.each([...new Set(files)].sort())("%s", (file) => {
  expect(BARE.exec(readFileSync(path.join(ROOT, file), "utf8"))?.[0]).toBeUndefined();
});
