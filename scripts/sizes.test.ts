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
const GENERATED = /^supabase\/(migrations|parts)\//;

/** Functions that only list short functions or the fields of one object, as a table does, each with its content. */
const FACTORIES: Readonly<Record<string, string>> = {
  "lib/database/queries/inbox.ts inboxQueries": "one method per database function",
  "lib/database/queries/sandbox.ts sandboxQueries": "one method per database function",
  "lib/database/queries/timelines.ts timelineQueries": "one method per database function",
  "lib/database/queries/usage.ts usageQueries": "one method per database function",
  "lib/database/transports/transports.db.test.ts contract": "a test suite that runs over each transport",
  "lib/processors/paddle/client.ts paddleClient": "one method per request",
  "lib/processors/stripe/client-change.ts planChanges": "one method per request",
  "lib/processors/stripe/client.ts stripeClient": "one method per request",
  "lib/sandbox/event-builders/stripe/charge.ts currentCharge": "the fields of one object of the API",
  "lib/sandbox/event-builders/stripe/dispute.ts currentDispute": "the fields of one object of the API",
  "lib/sandbox/event-builders/stripe/invoice.ts currentInvoice": "the fields of one object of the API",
  "lib/sandbox/event-builders/stripe/session.ts currentSession": "the fields of one object of the API",
  "lib/sandbox/event-builders/stripe/subscription.ts currentSubscription": "the fields of one object of the API",
  "tests/conformance/journey/step-context.ts stepContext": "the helpers of a step",
  "tests/fakes/gotrue.ts startFakeGoTrue": "one handler per route",
  "tests/support/compared-calls.ts comparedCalls": "one method per call of the gate",
  "tests/support/counting-processor.ts countingSandbox": "the helpers of a test file",
  "tests/support/fake-paddle.ts createFakePaddle": "the helpers of a test file",
  "tests/support/merchant.ts createMerchant": "the helpers of a test file",
  "tests/support/fake-processors.ts clientOf": "one method per request",
  "tests/support/fake-processors.ts fakeProcessors": "one method per request",
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
