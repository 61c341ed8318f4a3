/** The commands refuse unsafe configurations as processes, before they start a server or access a database. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { unset } from "@/tests/support/preview";

const PRODUCTION = {
  APP_URL: "https://app.example.com",
  DATABASE_URL: "postgres://none@127.0.0.1:1/none",
  CLERK_SECRET_KEY: "sk_test_1",
  CLERK_PUBLISHABLE_KEY: "pk_test_1",
  STRIPE_SECRET_KEY: "sk_test_2",
  STRIPE_WEBHOOK_SECRET: "whsec_of_the_tests",
};
const LOOPBACK = ["-H", "localhost"];

test.each<[script: string, argv: string[], variables: Record<string, string>, problem: RegExp]>([
  ["start.ts", [], { ...PRODUCTION, USAGE_API_KEY: "sandbox-usage-key" }, /USAGE_API_KEY is a secret of the sandbox/],
  ["start.ts", [], { ...PRODUCTION, STRIPE_WEBHOOK_SECRET: "x" }, /STRIPE_WEBHOOK_SECRET must have at least 16/],
  ["start.ts", [], { TOLLGATE_SANDBOX: "1" }, /TOLLGATE_SANDBOX .*other addresses/],
  ["start.ts", LOOPBACK, { ...PRODUCTION, TOLLGATE_SANDBOX: "1" }, /TOLLGATE_SANDBOX .*APP_URL is not/],
  ["preview.ts", [], { STRIPE_SECRET_KEY: "sk_live_1" }, /TOLLGATE_SANDBOX .*STRIPE_SECRET_KEY is of a live account/],
  ["dev.ts", [], { APP_URL: "https://app.example.com" }, /TOLLGATE_SANDBOX .*APP_URL is not/],
])("%s %j refuses %j", { timeout: 30_000 }, async (script, argv, variables, problem) => {
  const parent = mkdtempSync(path.join(os.tmpdir(), "tollgate-start-"));
  const directory = path.join(parent, "data");
  const child = spawn(process.execPath, ["--import", "tsx", path.join(import.meta.dirname, script), ...argv], {
    env: { ...process.env, ...unset(), TOLLGATE_DATA_DIR: directory, ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk));
  try {
    expect(await new Promise((resolve) => child.on("exit", resolve))).toBe(1);
    expect(output).toContain("Tollgate does not start:");
    expect(output).toMatch(problem);
    expect(existsSync(directory)).toBe(false);
  } finally {
    child.kill("SIGKILL");
    rmSync(parent, { recursive: true, force: true });
  }
});
