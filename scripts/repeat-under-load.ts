/**
 * Repeats checks of `npm test` while a busy loop occupies every core: `npm run test:load -- database http 10`. The
 * default is ten runs of the checks that run tests. The output of a failed run is kept.
 */
import "./preflight";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { ROOT, WORK_DIRECTORY } from "./project";

const words = process.argv.slice(2);
const times = Number(words.find((word) => /^\d+$/.test(word)) ?? 10);
const named = words.filter((word) => !/^\d+$/.test(word));
const checks = named.length > 0 ? named : ["unit", "database", "supabase", "pgbouncer", "http"];
const logs = path.join(WORK_DIRECTORY, "load");

const loops: ChildProcess[] = os.cpus().map(() =>
  // Ends with this script, also if the script is killed.
  spawn(process.execPath, ["-e", "const parent = process.ppid; while (process.ppid === parent);"], { stdio: "ignore" }),
);
const stop = () => {
  for (const loop of loops) loop.kill("SIGKILL");
};
process.on("exit", stop);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));

mkdirSync(logs, { recursive: true });
let failed = 0;
for (let run = 1; run <= times; run += 1)
  for (const check of checks) {
    const begun = performance.now();
    const { status, stdout, stderr } = spawnSync("node", ["--import", "tsx", "scripts/test.ts", check], {
      cwd: ROOT,
      encoding: "utf8",
      maxBuffer: 1 << 30,
    });
    const seconds = ((performance.now() - begun) / 1_000).toFixed(0);
    const log = path.join(logs, `${check}-${run}.log`);
    if (status !== 0) writeFileSync(log, stdout + stderr);
    failed += status === 0 ? 0 : 1;
    const result = status === 0 ? "ok" : `failed: ${path.relative(ROOT, log)}`;
    console.log(`${run}/${times}  ${check.padEnd(10)}${seconds.padStart(6)} s  ${result}`);
  }

// The loops would keep this process running.
stop();
console.log(`\n${times * checks.length - failed} passed, ${failed} failed, with ${loops.length} busy loops`);
process.exitCode = failed === 0 ? 0 : 1;
