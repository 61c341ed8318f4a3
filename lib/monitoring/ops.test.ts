/** Compares ops/ with the code: alerts and dashboards use existing metrics, and each alert has a runbook. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import "./deployment";
import "@/lib/core/observability/metrics";
import { registry } from "@/lib/core/observability/registry";
import "./scrape";

const ROOT = path.join(import.meta.dirname, "..", "..");
const OPS = path.join(ROOT, "ops");
const RULES = readFileSync(path.join(OPS, "alerts.yml"), "utf8");
const TESTS = readFileSync(path.join(OPS, "alerts.test.yml"), "utf8");
const alerts = [...RULES.matchAll(/- alert: (\w+)/g)].map(([, name = ""]) => name);

interface Dashboard {
  title: string;
  panels: { title: string; targets: { expr: string }[] }[];
}
const boards = readdirSync(path.join(OPS, "dashboards")).map(
  (name) => JSON.parse(readFileSync(path.join(OPS, "dashboards", name), "utf8")) as Dashboard,
);
const panelExpressions = boards.flatMap(({ panels }) =>
  panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
);

const known = new Set(
  registry.getMetricsAsArray().flatMap(({ name }) => [name, `${name}_bucket`, `${name}_sum`, `${name}_count`]),
);
const metricsIn = (text: string) => [...text.matchAll(/\b(?:tollgate_\w+|\w+_total)\b/g)].map(([name]) => name);

test("the four alerts and the four dashboards of the documents exist", () => {
  expect(alerts.slice(0, 4)).toEqual([
    "HighUsageLimitViolations",
    "WebhookDuplicates",
    "AtomicUsageFailures",
    "PlanValidationBlocks",
  ]);
  const panels = boards.flatMap((board) => board.panels.map(({ title }) => title)).join("\n");
  for (const wanted of [
    /Users by plan/,
    /Average usage per plan/,
    /Users over 80 %/,
    /Payments, successful and failed/,
    /Usage resets/,
    /Plan changes/,
    /Events by type/,
    /Processing time/,
    /Duplicate rate/,
    /Atomic operation latency/,
    /Lock waits/,
    /Cache hit rate/,
  ])
    expect(panels).toMatch(wanted);
});

test("each metric of an alert or a panel exists", () => {
  const used = new Set([...metricsIn(RULES), ...metricsIn(TESTS), ...panelExpressions.flatMap(metricsIn)]);
  expect(used.size).toBeGreaterThan(25);
  expect([...used].filter((name) => !known.has(name))).toEqual([]);
});

test("each alert has a runbook, a test that raises it and one that does not; each runbook has its alert", () => {
  for (const alert of alerts) {
    expect(RULES).toContain(`runbook: ops/runbooks/${alert}.md`);
    expect(existsSync(path.join(OPS, "runbooks", `${alert}.md`)), alert).toBe(true);
    expect(TESTS).toContain(`- name: ${alert} raises`);
    expect(TESTS).toContain(`- name: ${alert} is quiet`);
  }
  const pages = readdirSync(path.join(OPS, "runbooks")).map((name) => name.replace(/\.md$/, ""));
  expect(pages.sort()).toEqual(alerts.toSorted());
});

test("Prometheus can parse each panel's expression", ({ skip }) => {
  const directory = mkdtempSync(path.join(os.tmpdir(), "tollgate-rules-"));
  try {
    const rules = panelExpressions.map((expr, index) => ({ record: `panel:${index}`, expr }));
    const file = path.join(directory, "panels.yml");
    // JSON is valid YAML.
    writeFileSync(file, JSON.stringify({ groups: [{ name: "panels", rules }] }));
    const promtool = spawnSync("promtool", ["check", "rules", file], { encoding: "utf8" });
    if (promtool.error) return skip("promtool is not installed");
    expect(promtool.stderr + promtool.stdout).toContain(`${rules.length} rules found`);
    expect(promtool.status).toBe(0);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
