/**
 * Everything that CI checks, in order, stopping at the first failure. `npm test -- unit database` runs only those; `npm
 * test -- list` names them.
 */
import "./preflight";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { findChromium } from "@/tests/support/chromium";
import { findPgBouncer } from "@/tests/support/pgbouncer";
import { ROOT } from "./project";

interface Check {
  name: string;
  /** Commands of node_modules/.bin, or scripts of ours; each must succeed. */
  commands: string[][];
  before?: () => Promise<void>;
  env?: Record<string, string>;
  /** The reason why it cannot run on this machine; printed in its place. CI has everything. */
  missing?: () => string | null;
}

const script = (name: string): string[] => ["node", "--import", "tsx", path.join("scripts", `${name}.ts`)];

const CHECKS: Check[] = [
  // The types of routes are generated: a fresh clone has none.
  {
    name: "types",
    commands: [
      ["next", "typegen"],
      ["tsc", "--noEmit", "--incremental", "false"],
    ],
  },
  { name: "lint", commands: [["biome", "check", "--error-on-warnings"]] },
  { name: "imports", commands: [script("check-imports")] },
  { name: "unused", commands: [["knip", "--treat-config-hints-as-errors"]] },
  { name: "schema", commands: [script("db-check")] },
  { name: "alerts", commands: [script("check-alerts")] },
  { name: "unit", commands: [["vitest", "run", "--project", "unit"]] },
  { name: "database", commands: [["vitest", "run", "--project", "database"]] },
  // The product's requests and the sandbox's objects and events fit the processors' own descriptions.
  { name: "conformance", commands: [["vitest", "run", "--project", "conformance"]] },
  // The same tests over the other transports.
  {
    name: "supabase",
    commands: [["vitest", "run", "--project", "database"]],
    env: { TEST_TRANSPORT: "supabase" },
  },
  {
    name: "pgbouncer",
    commands: [["vitest", "run", "--project", "database"]],
    env: { TEST_TRANSPORT: "pgbouncer" },
    missing: () => (findPgBouncer() ? null : "PgBouncer is not installed (Debian: apt-get install pgbouncer)"),
  },
  // The built app, run as a host runs it, with each identity provider.
  { name: "http", commands: [["vitest", "run", "--project", "http"]] },
  // A minute of faults: killed servers, cut connections, lost answers.
  { name: "soak", commands: [["node", "--import", "tsx", path.join("soak", "soak.ts"), "short"]] },
  {
    name: "browser",
    commands: [["playwright", "test"]],
    before: async () => {
      process.env.CHROMIUM_PATH = await findChromium();
    },
  },
  // The packed package in a fresh app. It alone needs the npm registry.
  { name: "adopt", commands: [[...script("adopt"), "plain"]] },
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !CHECKS.some((check) => check.name === name));
if (unknown.length > 0) {
  console.log(`Checks: ${CHECKS.map(({ name }) => name).join(", ")}`);
  process.exit(unknown[0] === "list" ? 0 : 1);
}

const env = {
  ...process.env,
  NEXT_TELEMETRY_DISABLED: "1",
  PATH: [path.join(ROOT, "node_modules", ".bin"), process.env.PATH].join(path.delimiter),
};
let skipped = 0;
const durations: [name: string, seconds: number][] = [];

for (const { name, commands, before, env: more, missing } of CHECKS) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const reason = missing?.();
  if (reason) {
    console.log(`\n── ${name}\n${name}: skipped: ${reason}`);
    skipped += 1;
    continue;
  }
  const start = performance.now();
  console.log(`\n── ${name}`);
  await before?.();
  for (const [file = "", ...argv] of commands) {
    const { status, error } = spawnSync(file, argv, {
      cwd: ROOT,
      env: { ...env, ...more },
      stdio: ["ignore", "inherit", "inherit"],
      shell: process.platform === "win32",
    });
    if (error) console.error(error.message);
    if (status !== 0) {
      console.log(`${name}: failed (${[file, ...argv].join(" ")})`);
      process.exit(1);
    }
  }
  durations.push([name, (performance.now() - start) / 1000]);
  console.log(`${name}: ok`);
}

console.log(
  `\n${durations.map(([name, seconds]) => `${name.padEnd(10)}${seconds.toFixed(1).padStart(7)} s`).join("\n")}`,
);
console.log(`\n${durations.length} passed, 0 failed${skipped ? `, ${skipped} skipped` : ""}`);
