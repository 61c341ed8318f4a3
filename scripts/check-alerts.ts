/** Evaluates the alert rules on made-up series with promtool, Prometheus' own tool; says so if promtool is missing. */
import "./preflight";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { ROOT } from "./project";

const OPS = path.join(ROOT, "ops");
const installed = spawnSync("promtool", ["--version"]).error === undefined;

if (!installed) {
  console.log("alerts: skipped: promtool is not installed (Debian: apt-get install prometheus)");
} else {
  for (const argv of [
    ["check", "rules", "alerts.yml"],
    ["test", "rules", "alerts.test.yml"],
  ])
    if (spawnSync("promtool", argv, { cwd: OPS, stdio: "inherit" }).status !== 0) process.exitCode = 1;
}
